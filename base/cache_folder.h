// The folders of tlaunch: the cache of data that it can make again ($XDG_CACHE_HOME/tlaunch, default ~/.cache/tlaunch)
// and the history of this machine ($XDG_STATE_HOME/tlaunch, default ~/.local/state/tlaunch).
#pragma once

#include <string>

namespace tlaunch {

// "": none, because HOME is not set. A relative XDG_CACHE_HOME or XDG_STATE_HOME is ignored, as the XDG rule says.
std::string cache_folder();
std::string state_folder();

// Writes `text` to the file `path` of the cache. Ignores errors, because a missing cache must not stop a run.
void keep_in_cache(const std::string& path, const std::string& text);

}  // namespace tlaunch
