// Paths in a config, or on the command line where the shell left them alone. A leading ~ or ~user is a home folder. A
// $NAME is an error, because it would only create a folder of that name.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/environment.h"

namespace tlaunch {

struct UserPath {
  std::string path;
  std::string problem;  // "": none
};

using EnvironmentLookup = Getenv;

// ~ is HOME from `getenv`, or else the home folder from the system's list of users. An absolute path may contain a
// $NAME or ${NAME} if a folder of that name exists.
UserPath path_on_command_line(const std::string& text, const EnvironmentLookup& getenv);

// The same for a config value in which each ${NAME} is already replaced (config/config_variables.h); any that is left
// is meant literally. `has_bare_variable`: it has a $NAME that was not replaced.
UserPath path_in_config(const std::string& text, bool has_bare_variable, const EnvironmentLookup& getenv);
// The same for a name, in which ~ has no meaning.
UserPath without_variables(const std::string& text, bool has_bare_variable);

}  // namespace tlaunch
