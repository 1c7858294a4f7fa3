// A command line that only asks for a text on stdout.
#pragma once

#include <string>
#include <variant>

namespace tlaunch {

struct PrintCommand {
  std::string text;  // --help, --version, a completion script
};

// A command with its options, or a text to print instead.
template <typename Command>
using Parsed = std::variant<Command, PrintCommand>;

}  // namespace tlaunch
