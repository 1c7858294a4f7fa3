// last.safetensors: a symbolic link to a run's newest checkpoint, in the same folder. It never leads to a deleted file.
// One thread at a time.
#pragma once

#include <string>

#include "base/file_calls.h"

namespace tlaunch {

inline constexpr const char* last_link_name = "last.safetensors";

// The absolute target of the link in `dir`; "" if there is no link.
std::string last_link_target(const std::string& dir);

// Removes a checkpoint, after removing the link if it leads to this checkpoint. Durable. A missing file is not an
// error. Throws IoError if the removal fails; the checkpoint is then still there.
void remove_checkpoint(const std::string& path, FileCalls& calls = system_calls());

}  // namespace tlaunch
