// The disk a run folder will lie on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hardware/file_reader.h"

namespace tlaunch {

struct DiskInfo {
  std::string path;                         // absolute; the folder, or the nearest of its parents that exists
  std::optional<std::uint64_t> free_bytes;  // for this user; nothing where the system does not tell
};

DiskInfo disk_info(const std::string& folder);

// Of a file, or of all files below a folder, links not followed. Nothing where there is neither, or more than 200 000
// entries: to look at each takes longer than the number is worth.
std::optional<std::uint64_t> bytes_below(const std::string& path);

// The type of the file system that holds `path` (absolute, free of links), as /proc/self/mountinfo names it: ext4,
// nfs4, overlay, tmpfs, ...; "drvfs" for a Windows drive under WSL2, which calls itself 9p. "" where it is not told.
// Pure.
std::string file_system_type(const FileReader& read, const std::string& path);

}  // namespace tlaunch
