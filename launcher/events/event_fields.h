// Reading a field of an event. Workers of a user's own may leave a field out or give it another type: then the fallback
// is taken. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "core/json.h"

namespace tlaunch {

std::int64_t event_integer(const Json& event, const char* key, std::int64_t fallback = 0);
double event_real(const Json& event, const char* key, double fallback = 0);  // "NaN" and "Infinity" are read as such
std::string event_text(const Json& event, const char* key, const std::string& fallback = "");

}  // namespace tlaunch
