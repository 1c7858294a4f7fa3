// A JSON file of the cache folder with a checksum: a wrong bit in it must not become a setting or a key of the config.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"

namespace tlaunch {

// Nothing where there is none, or none that can be read whole: then it is made again. `path` "": there is no cache.
std::optional<Json> read_cache_file(const std::string& path);

// Does without where it cannot be written.
void write_cache_file(const std::string& path, const Json& content);

}  // namespace tlaunch
