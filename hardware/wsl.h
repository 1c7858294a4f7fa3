// Linux under Windows (WSL): whether this is it, and what to say to its user. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hardware/file_reader.h"

namespace tlaunch {

// From /proc/version. WSL 1 (no Linux kernel, hence no GPU) does not count.
bool is_wsl2(const std::string& proc_version);

// A line each: what to check where no GPU is seen, how memory is given to WSL2, and where the run folder (on a file
// system of type `disk_type`) should not lie.
std::vector<std::string> wsl_advice(const FileReader& read, bool gpu_visible, std::uint64_t memory_limit_bytes,
                                    const std::string& disk_type);

}  // namespace tlaunch
