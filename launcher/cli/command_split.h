// Where the launcher's own arguments end and a program's begin. Pure, but for asking whether a file is there.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace tlaunch {

// How a program is started, as torchrun's flags say.
struct PythonFlags {
  bool module = false, no_python = false, run_path = false;
};

struct SplitArguments {
  std::string word;              // "run", "program", or a command's name
  std::vector<std::string> own;  // ours, the command's word left out
  PythonFlags flags;
  bool after_dashes = false;         // the program was named by "--"
  std::vector<std::string> program;  // program mode: the program (or module) and its arguments
};

// `takes_value` says whether an option ("--nproc") is followed by a value, or throws where it is unknown. `commands`
// are the known words; `flags` are set before the first argument is looked at. Throws UsageError for a first word that
// is no command, config, Python script, file or folder. A "--" right behind the program is left out, unless one stood
// before it: so does torchrun's parser.
SplitArguments split_arguments(const std::vector<std::string>& arguments, const std::vector<std::string>& commands,
                               const std::function<bool(const std::string&)>& takes_value, const PythonFlags& flags);

}  // namespace tlaunch
