// A text as a YAML scalar: plain where no reader can take it for anything else, in double quotes otherwise. Pure.
#pragma once

#include <string>

namespace tlaunch {

std::string yaml_scalar(const std::string& text);

}  // namespace tlaunch
