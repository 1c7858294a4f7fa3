// The disk a run folder will lie on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tlaunch {

struct DiskInfo {
  std::string path;                        // absolute; the folder, or the nearest of its parents that exists
  std::optional<std::uint64_t> free_bytes;  // for this user; nothing where the system does not tell
};

DiskInfo disk_info(const std::string& folder);

}  // namespace tlaunch
