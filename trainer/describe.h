// This worker's description: its registered models and data sets, and the LibTorch it is linked with.
#pragma once

#include "config/description.h"

namespace tlaunch {

// Without the architectures of its CUDA kernels (cuda_architectures() of trainer/device/device.h): LibTorch reports
// them only after it has started the driver, which a CPU rank should not wait for.
WorkerDescription describe_worker();

}  // namespace tlaunch
