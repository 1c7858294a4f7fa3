// Python's string.Template, which torchrun uses for the arguments of a program and the prefix of its lines. Pure.
#pragma once

#include <map>
#include <string>

namespace tlaunch {

// "$NAME" and "${NAME}" become their values and "$$" becomes "$". A name without a value and a "$" before anything else
// stay unchanged.
std::string safe_substitute(const std::string& text, const std::map<std::string, std::string>& values);

}  // namespace tlaunch
