// The file system as this room's parsers see it: maps a path to the file's text, or to nothing if the file is absent or
// may not be read. Tests pass a map instead.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tlaunch {

using FileReader = std::function<std::optional<std::string>(const std::string& path)>;

FileReader system_files();

// Split at line breaks, and at white space.
std::vector<std::string> split_lines(const std::string& text);
std::vector<std::string> split_words(const std::string& text);

}  // namespace tlaunch
