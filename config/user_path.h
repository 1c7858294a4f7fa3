// A path as a person writes it in a config or on the command line, where no shell has seen it: a leading ~ or ~user is
// a home folder. A $NAME in it would only make a folder of that name, so it is refused.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/environment.h"

namespace tlaunch {

struct UserPath {
  std::string path;
  std::string problem;  // "" where all is well
};

using EnvironmentLookup = Getenv;

// `getenv` is asked for HOME; without it the system's list of users says where ~ is. An absolute path may hold a $NAME
// or ${NAME} where that folder exists: then it is really called so.
UserPath path_on_command_line(const std::string& text, const EnvironmentLookup& getenv);

// The same of a config's value whose ${NAME} are expanded by now (config/config_variables.h); those that are left were
// meant as they stand. `has_bare_variable`: a $NAME was not.
UserPath path_in_config(const std::string& text, bool has_bare_variable, const EnvironmentLookup& getenv);
// The same of a name in a path, where ~ is a letter like others.
UserPath without_variables(const std::string& text, bool has_bare_variable);

}  // namespace tlaunch
