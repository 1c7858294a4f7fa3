// --dry-run: prints every resolved value and its source. Pure.
#pragma once

#include <string>

#include "base/json.h"
#include "launcher/job/job.h"

namespace tlaunch {

// One line per key: "train.batch_size = 64  # prior: ...".
std::string dry_run_text(const Job& job);

// {"config": {KEY: {value, source, reason}}, "world_size", "device", "worker"}; source: default | file | command line |
// an origin of the plan.
Json dry_run_json(const Job& job);

}  // namespace tlaunch
