// Describes a problem of a JSON text or value in plain words instead of the library's. Pure.
#pragma once

#include <exception>
#include <string>

namespace tlaunch {

// For an exception from reading JSON: "it is not JSON (byte 17)", "key 'step' not found". For others: their own
// message.
std::string json_problem(const std::exception& error);

}  // namespace tlaunch
