// Python's string.Template, with which torchrun fills the arguments of a program and the prefix of its lines. Pure.
#pragma once

#include <map>
#include <string>

namespace tlaunch {

// "$NAME" and "${NAME}" become their values, "$$" becomes "$"; a name without a value and a "$" before anything else
// stay as they are.
std::string safe_substitute(const std::string& text, const std::map<std::string, std::string>& values);

}  // namespace tlaunch
