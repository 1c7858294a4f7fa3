// A program's output made fit for a report: pure.
#pragma once

#include <string>
#include <string_view>

namespace tlaunch {

// Valid UTF-8 without terminal escapes and control characters; what is neither becomes '?'. Tabs become blanks.
std::string clean_text(std::string_view text);

}  // namespace tlaunch
