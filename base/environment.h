// The environment's variables. The process's own; tests pass others.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace tlaunch {

using Getenv = std::function<std::optional<std::string>(const std::string& name)>;  // nothing where it is unset

std::optional<std::string> environment_value(const std::string& name);  // of this process

}  // namespace tlaunch
