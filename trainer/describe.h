// This worker's description: its registered models and data sets, and the LibTorch it is linked with.
#pragma once

#include "core/description.h"

namespace tlaunch {

WorkerDescription describe_worker();

}  // namespace tlaunch
