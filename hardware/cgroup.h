// The folders of this process's control group and of the groups around it. A limit of any of them applies, so callers
// take the smallest one. Pure over a FileReader.
#pragma once

#include <string>
#include <vector>

#include "hardware/file_reader.h"

namespace tlaunch {

// Folders of the group of `controller` ("memory", "cpu"; "" is the one hierarchy of cgroup v2), innermost first, up to
// and including the mount point. Empty if that hierarchy is not mounted. A container that sees the host's group names
// but only its own part of the tree gets the part it sees.
std::vector<std::string> cgroup_folders(const FileReader& read, const std::string& controller);

}  // namespace tlaunch
