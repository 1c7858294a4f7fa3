// Environment variables: those of this process, or others in tests.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace tlaunch {

using Getenv = std::function<std::optional<std::string>(const std::string& name)>;  // nothing: the variable is unset

std::optional<std::string> environment_value(const std::string& name);  // of this process

}  // namespace tlaunch
