// Cleans a program's output for a report. Pure.
#pragma once

#include <string>
#include <string_view>

namespace tlaunch {

// Valid UTF-8 without terminal escapes; control characters and invalid bytes become '?', tabs become blanks.
std::string clean_text(std::string_view text);

}  // namespace tlaunch
