// A checkpoint that the user gives on the command line.
#pragma once

#include <string>

namespace tlaunch {

// The absolute path of a checkpoint, which has been read completely and is not damaged. Throws UsageError if there is
// no such file, DataError if it is damaged. The messages name `option`.
std::string verified_checkpoint(const std::string& option, const std::string& path);

}  // namespace tlaunch
