// A checkpoint that the user names on the command line.
#pragma once

#include <string>

namespace tlaunch {

// The absolute path of a checkpoint that has been read through and is undamaged. Throws UsageError where there is none,
// DataError where it is damaged. `option` is named in the message.
std::string verified_checkpoint(const std::string& option, const std::string& path);

}  // namespace tlaunch
