// What is wrong with a JSON text or value, in plain words instead of the library's. Pure.
#pragma once

#include <exception>
#include <string>

namespace tlaunch {

// Where reading one threw: "it is not JSON (byte 17)", "key 'step' not found". Of other exceptions their own words.
std::string json_problem(const std::exception& error);

}  // namespace tlaunch
