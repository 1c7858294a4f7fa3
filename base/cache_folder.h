// Where tlaunch keeps what it can make again, $XDG_CACHE_HOME/tlaunch, default ~/.cache/tlaunch; and what it has seen
// on this machine, $XDG_STATE_HOME/tlaunch, default ~/.local/state/tlaunch.
#pragma once

#include <string>

namespace tlaunch {

// "" where there is none (no HOME). A relative XDG_CACHE_HOME or XDG_STATE_HOME is ignored, as the XDG rule says.
std::string cache_folder();
std::string state_folder();

// Writes `text` as a file of that folder, or does without where it cannot: no reason to stop a run.
void keep_in_cache(const std::string& path, const std::string& text);

}  // namespace tlaunch
