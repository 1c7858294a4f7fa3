// Where tlaunch keeps what it can make again: $XDG_CACHE_HOME/tlaunch, default ~/.cache/tlaunch.
#pragma once

#include <string>

namespace tlaunch {

// "" where there is none (no HOME). A relative XDG_CACHE_HOME is ignored, as the XDG rule says.
std::string cache_folder();

// Writes `text` as a file of that folder, or does without where it cannot: no reason to stop a run.
void keep_in_cache(const std::string& path, const std::string& text);

}  // namespace tlaunch
