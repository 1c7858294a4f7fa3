// How many columns a text takes on a terminal. Pure; `text` is clean UTF-8 (clean_text.h).
#pragma once

#include <string>
#include <string_view>

namespace tlaunch {

int display_width(std::string_view text);  // in columns

// The beginning of `text` that fits into `columns`.
std::string_view cut_to_width(std::string_view text, int columns);

}  // namespace tlaunch
