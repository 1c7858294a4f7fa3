// Where this process's control group lies in the file system, and the files of it and of the groups around it. A limit
// holds wherever it is set on the way up, so callers take the least. Pure over a FileReader.
#pragma once

#include <string>
#include <vector>

#include "hardware/file_reader.h"

namespace tlaunch {

// Folders of the group of `controller` ("memory", "cpu"; "" is the one hierarchy of cgroup v2), innermost first, up to
// and including the mount point. Empty where that hierarchy is not mounted. A container that sees the host's group
// names but only its own part of the tree gets the part it sees.
std::vector<std::string> cgroup_folders(const FileReader& read, const std::string& controller);

}  // namespace tlaunch
