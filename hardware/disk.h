// The disk that will hold a run folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hardware/file_reader.h"

namespace tlaunch {

struct DiskInfo {
  std::string path;                         // absolute; the folder, or its nearest parent that exists
  std::optional<std::uint64_t> free_bytes;  // for this user; nothing if the system does not report it
};

DiskInfo disk_info(const std::string& folder);

// Size of a file, or of all files below a folder; does not follow links. Nothing if `path` does not exist, or has more
// than 200 000 entries: looking at each would take too long.
std::optional<std::uint64_t> bytes_below(const std::string& path);

// The type of the file system that holds `path` (absolute, free of links), as /proc/self/mountinfo names it: ext4,
// nfs4, overlay, tmpfs, ...; "drvfs" for a Windows drive under WSL2, which calls itself 9p. "" if unknown. Pure.
std::string file_system_type(const FileReader& read, const std::string& path);

}  // namespace tlaunch
