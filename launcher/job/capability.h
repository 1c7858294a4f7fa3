// Whether the worker's LibTorch was built for the GPUs that are here. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/description.h"
#include "hardware/profile.h"

namespace tlaunch {

// What to tell the user where one of `gpus` cannot run the worker's kernels; nothing where all can. An architecture
// sm_XY runs on capability X.Z for Z >= Y; compute_XY (PTX) on every newer one. LibTorch tells its architectures only
// where CUDA starts: a worker that was asked beside these cards and tells none cannot use them.
std::optional<std::string> capability_problem(const std::vector<GpuInfo>& gpus, const WorkerDescription& worker,
                                              const std::string& driver_version);

}  // namespace tlaunch
