// For "did you mean": the known name that is most similar to a mistyped one.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tlaunch {

// Number of edits that turn one word into the other: insert, delete, replace, swap neighbours (optimal string
// alignment).
std::size_t edit_distance(const std::string& a, const std::string& b);

// The known word with the smallest edit_distance. Nothing if that distance is more than a third of the word's length
// (at least 2), or if the words have nothing in common. The first of equals wins. Cheap for words of any length.
std::optional<std::string> nearest(const std::string& word, const std::vector<std::string>& known);

}  // namespace tlaunch
