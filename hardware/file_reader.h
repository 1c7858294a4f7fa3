// The file system as the parsers of this room see it: a path to the file's text, or nothing where it is absent or may
// not be read. Tests pass a map instead.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tlaunch {

using FileReader = std::function<std::optional<std::string>(const std::string& path)>;

FileReader system_files();

// The text between line breaks, and between spaces and tabs.
std::vector<std::string> split_lines(const std::string& text);
std::vector<std::string> split_words(const std::string& text);

}  // namespace tlaunch
