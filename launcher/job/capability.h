// Whether the worker's LibTorch was built for the GPUs of this machine. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/description.h"
#include "hardware/profile.h"

namespace tlaunch {

// The error message if one of `gpus` cannot run the worker's kernels; nothing if all can. An architecture sm_XY runs on
// capability X.Z for Z >= Y; compute_XY (PTX) runs on every newer one. LibTorch reports its architectures only if CUDA
// starts: a worker that was asked on a machine with these cards and reported none cannot use them.
std::optional<std::string> capability_problem(const std::vector<GpuInfo>& gpus, const WorkerDescription& worker,
                                              const std::string& driver_version);

}  // namespace tlaunch
