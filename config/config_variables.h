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
  std::string problem;    // "": none
  bool has_bare = false;  // it has a $VAR without braces, which is not replaced; in a path that is a mistake
};

// The default is used if the variable is unset or empty, as in a shell. Variables in the value of a variable or in a
// default are not replaced.
ExpandedText expand_variables(const std::string& text, const Getenv& getenv);

// The inverse: a text from which expand_variables makes `text`.
std::string escape_variables(const std::string& text);

}  // namespace tlaunch
