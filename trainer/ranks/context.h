// The worker's environment, with its device as LibTorch knows it.
#pragma once

#include <torch/types.h>

#include <functional>

#include "trainer/device/device.h"
#include "worker/environment.h"

namespace tlaunch {

struct WorkerContext : WorkerEnvironment {
  torch::Device device = torch::kCPU;
};

// Throws what read_worker_environment() throws, and UsageError for a device that is not there. `count_cards` is not asked
// where the environment says cpu: it starts the driver, which takes up to a second and may hang.
WorkerContext context_from_environment(const Getenv& getenv,
                                       const std::function<int()>& count_cards = cuda_device_count);

}  // namespace tlaunch
