// The extension of a file name. Pure.
#pragma once

#include <algorithm>
#include <cctype>
#include <string_view>

namespace tlaunch {

// Whether `path` ends in `extension` (".yaml", in small letters). Ignores case: UPPER.YAML is a config too.
inline bool has_extension(std::string_view path, std::string_view extension) {
  if (path.size() < extension.size()) return false;
  return std::equal(extension.begin(), extension.end(), path.end() - static_cast<std::ptrdiff_t>(extension.size()),
                    [](char wanted, char found) { return wanted == std::tolower(static_cast<unsigned char>(found)); });
}

inline bool is_yaml_name(std::string_view path) { return has_extension(path, ".yaml") || has_extension(path, ".yml"); }

}  // namespace tlaunch
