// "Did you mean": the known name nearest to a mistyped one.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tlaunch {

// By Damerau-Levenshtein distance; nothing where the nearest is farther than a third of the word's length (at least 2).
std::optional<std::string> nearest(const std::string& word, const std::vector<std::string>& known);

}  // namespace tlaunch
