// A JSON file in the cache folder, with a checksum: a damaged file must not become a setting or a key of the config.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"

namespace tlaunch {

// The content; nothing if the file does not exist or is damaged, so that the caller makes it again. `path` "": no
// cache.
std::optional<Json> read_cache_file(const std::string& path);

// Does nothing if the file cannot be written.
void write_cache_file(const std::string& path, const Json& content);

}  // namespace tlaunch
