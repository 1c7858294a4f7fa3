// The Slurm job that this process is part of, from its environment. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "hardware/profile.h"

namespace tlaunch {

using EnvironmentReader = std::function<std::optional<std::string>(const std::string& name)>;

// Nothing outside a job. `now_s` is the Unix time. The time left is known if Slurm gives the job's end
// (SLURM_JOB_END_TIME, not in old versions), and 0 after it. Values that are missing or not a number stay empty.
std::optional<SlurmInfo> slurm_info(const EnvironmentReader& environment, double now_s);

}  // namespace tlaunch
