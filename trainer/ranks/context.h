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

// Throws what read_worker_environment() throws, and UsageError if the device does not exist. `count_cards` is not
// called if the environment asks for the CPU, because it starts the driver, which takes up to a second and may hang.
WorkerContext context_from_environment(const Getenv& getenv,
                                       const std::function<int()>& count_cards = cuda_device_count);

}  // namespace tlaunch
