// Makes paths absolute.
#pragma once

#include <string>

namespace tlaunch {

// Returns `path` as an absolute path without ".", ".." and a slash at its end. A relative path starts at the working
// directory. Throws UsageError if the path is relative and the working directory was removed.
std::string absolute_path(const std::string& path);

}  // namespace tlaunch
