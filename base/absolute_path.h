// A path as it is found from anywhere.
#pragma once

#include <string>

namespace tlaunch {

// `path` below the working directory, without "." and ".." and without a slash at its end. Throws UsageError where
// the path is relative and the working directory was removed.
std::string absolute_path(const std::string& path);

}  // namespace tlaunch
