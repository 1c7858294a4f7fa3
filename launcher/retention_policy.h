// The retention policy that a config asks for. Pure.
#pragma once

#include "checkpoint/retention.h"
#include "core/run_config.h"

namespace tlaunch {

RetentionPolicy retention_policy_of(const RunConfig& config);

}  // namespace tlaunch
