// Detects Linux under Windows (WSL) and has advice for its users. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hardware/file_reader.h"

namespace tlaunch {

// From /proc/version. WSL 1 (no Linux kernel, hence no GPU) does not count.
bool is_wsl2(const std::string& proc_version);

// One line each: what to check if no GPU was found, how WSL2 gets its memory, and a warning if the run folder (on a
// file system of type `disk_type`) is on a Windows drive.
std::vector<std::string> wsl_advice(const FileReader& read, bool gpu_visible, std::uint64_t memory_limit_bytes,
                                    const std::string& disk_type);

}  // namespace tlaunch
