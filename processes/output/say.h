// Prints a line on stderr for the user. If nobody reads stderr any more, the line is lost and the program continues.
#pragma once

#include <string>

namespace tlaunch {

void say(const std::string& line);

}  // namespace tlaunch
