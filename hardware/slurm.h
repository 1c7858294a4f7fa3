// The Slurm job this process is part of, by its environment. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "hardware/profile.h"

namespace tlaunch {

using EnvironmentReader = std::function<std::optional<std::string>(const std::string& name)>;

// Nothing outside of a job. `now_s` is the Unix time; the time left is known where Slurm tells the job's end
// (SLURM_JOB_END_TIME, not in old versions), and 0 once it is over. What is missing or no number is left empty.
std::optional<SlurmInfo> slurm_info(const EnvironmentReader& environment, double now_s);

}  // namespace tlaunch
