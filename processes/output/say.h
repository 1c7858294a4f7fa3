// A line on stderr for the user. Where nobody reads it any more it is lost; what is at work goes on.
#pragma once

#include <string>

namespace tlaunch {

void say(const std::string& line);

}  // namespace tlaunch
