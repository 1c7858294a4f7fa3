// Writes a text as a YAML scalar: plain if every reader takes it for this text, else in double quotes. Pure.
#pragma once

#include <string>

namespace tlaunch {

std::string yaml_scalar(const std::string& text);

}  // namespace tlaunch
