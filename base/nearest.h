// "Did you mean": the known name nearest to a mistyped one.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tlaunch {

// Edits that turn one word into the other: insert, delete, replace, swap neighbours (optimal string alignment).
std::size_t edit_distance(const std::string& a, const std::string& b);

// By edit_distance; nothing where the nearest is farther than a third of the word's length (at least 2) or shares
// nothing with it. The first of equals wins. Cheap for words of any length.
std::optional<std::string> nearest(const std::string& word, const std::vector<std::string>& known);

}  // namespace tlaunch
