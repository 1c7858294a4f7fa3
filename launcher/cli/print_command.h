// What a command line without work to do asks for: a text on stdout.
#pragma once

#include <string>
#include <variant>

namespace tlaunch {

struct PrintCommand {
  std::string text;  // --help, --version, a completion script
};

// A command with its options, or the text that was asked for in its place.
template <typename Command>
using Parsed = std::variant<Command, PrintCommand>;

}  // namespace tlaunch
