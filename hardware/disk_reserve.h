// Whether a folder takes so many bytes: quotas show only when blocks are asked for.
#pragma once

#include <cstdint>
#include <string>

namespace tlaunch {

// Reserves `bytes` in `folder` for a moment, and lets them go. "" where that worked, or where the file system cannot
// reserve; else the system's reason. Quick on file systems with extents; tmpfs, which would clear the memory, is
// believed.
std::string cannot_reserve(const std::string& folder, std::uint64_t bytes);

}  // namespace tlaunch
