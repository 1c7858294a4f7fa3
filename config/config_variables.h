// ${VAR} and ${VAR:-default} in the values of a config; $${ and $$VAR stand for a literal ${ and $VAR. Pure but for the
// look-up given.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/environment.h"

namespace tlaunch {

struct ExpandedText {
  std::string text;
  std::string problem;    // "" where all is well
  bool has_bare = false;  // a $VAR without braces stands in it as it was written: in a path that is a mistake
};

// The default is taken where the variable is unset or empty, as in a shell. Variables within a variable's value or a
// default are not expanded.
ExpandedText expand_variables(const std::string& text, const Getenv& getenv);

// The text that expand_variables gives back as `text`.
std::string escape_variables(const std::string& text);

}  // namespace tlaunch
