// Checks that a folder can hold a number of bytes. A quota shows only when blocks are allocated.
#pragma once

#include <cstdint>
#include <string>

namespace tlaunch {

// Reserves `bytes` in `folder` and releases them at once. Returns "" if that worked or the file system cannot reserve;
// else the system's reason. Fast on file systems with extents. Always "" on tmpfs, where reserving would clear memory.
std::string cannot_reserve(const std::string& folder, std::uint64_t bytes);

}  // namespace tlaunch
