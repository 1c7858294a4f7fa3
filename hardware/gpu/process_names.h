// Names of the processes that a GPU's driver lists by number.
#pragma once

#include <vector>

#include "hardware/file_reader.h"
#include "hardware/profile.h"

namespace tlaunch {

// False inside a container: the driver counts processes from outside, so its numbers mean others here, or none.
bool sees_all_processes();

// Fills GpuProcess::name from /proc/PID/comm; stays "" where a process has gone.
void name_processes(const FileReader& read, std::vector<GpuInfo>& gpus);

}  // namespace tlaunch
