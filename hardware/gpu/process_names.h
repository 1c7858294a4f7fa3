// Names of the processes that a GPU's driver lists by pid.
#pragma once

#include <vector>

#include "hardware/file_reader.h"
#include "hardware/profile.h"

namespace tlaunch {

// False inside a container: the driver reports pids as seen from outside, which mean other processes here, or none.
bool sees_all_processes();

// Fills GpuProcess::name from /proc/PID/comm. It stays "" if the process has ended.
void name_processes(const FileReader& read, std::vector<GpuInfo>& gpus);

}  // namespace tlaunch
