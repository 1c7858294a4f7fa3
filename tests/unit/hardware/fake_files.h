// A file system that is a map, for the parsers of hardware/.
#pragma once

#include <map>
#include <string>

#include "hardware/file_reader.h"

namespace tlaunch {

inline FileReader fake_files(std::map<std::string, std::string> files) {
  return [files = std::move(files)](const std::string& path) -> std::optional<std::string> {
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
}

// Lines of /proc/self/mountinfo as a v2-only system, a v1 system and a hybrid one have them.
inline const std::string v2_mounts = "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
inline const std::string v1_mounts =
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:3 - cgroup cgroup rw,memory\n";
inline const std::string hybrid_mounts =
    v1_mounts + "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

}  // namespace tlaunch
