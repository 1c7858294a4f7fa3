// Separates the launcher's own arguments from those of a program. Pure, except that it checks whether files exist.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace tlaunch {

// torchrun's flags for how a program is started.
struct PythonFlags {
  bool module = false, no_python = false, run_path = false;
};

struct SplitArguments {
  std::string word;              // "run", "program", or a command's name
  std::vector<std::string> own;  // the launcher's arguments without the command's word
  PythonFlags flags;
  bool after_dashes = false;         // the program stood behind "--"
  std::vector<std::string> program;  // program mode: the program (or module) and its arguments
};

// `takes_value` returns whether an option ("--nproc") is followed by a value, and throws if the option is unknown.
// `commands` are the known words; `flags` are those set before the first argument. Throws UsageError for a first word
// that is not a command, a config, a Python script, a file or a folder with a program. A "--" right behind the program
// is left out unless another one stood before it, as by torchrun's parser.
SplitArguments split_arguments(const std::vector<std::string>& arguments, const std::vector<std::string>& commands,
                               const std::function<bool(const std::string&)>& takes_value, const PythonFlags& flags);

}  // namespace tlaunch
