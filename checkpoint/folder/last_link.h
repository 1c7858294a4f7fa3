// The second name of a run's newest checkpoint: last.safetensors, a symbolic link to it in the same folder. At no
// moment does it lead to a file that is gone. One thread at a time.
#pragma once

#include <string>

#include "base/file_calls.h"

namespace tlaunch {

inline constexpr const char* last_link_name = "last.safetensors";

// Where the link in `dir` leads, absolute; "" where there is none.
std::string last_link_target(const std::string& dir);

// Removes a checkpoint, and before it the link where that leads to it. Durable; none there is no error. Throws IoError,
// and then the file is still there.
void remove_checkpoint(const std::string& path, FileCalls& calls = system_calls());

}  // namespace tlaunch
