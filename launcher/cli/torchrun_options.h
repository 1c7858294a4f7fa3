// torchrun's own options (2.11), read as its parser reads them: hyphens or underscores, any unique beginning of a name,
// "-r3", the last of several wins, PET_NAME in the environment if the option is not on the command line.
// torchrun_alias.h has their meaning here. Pure.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/environment.h"

namespace tlaunch {

struct TorchrunOption {
  std::string name;  // without leading dashes, words joined by hyphens
  char letter = 0;   // "-r"; 0: none
  bool takes_value = true;
  bool program_only = false;  // not for a run of a CONFIG.yaml
  bool has_variable = true;   // PET_<NAME>
  const char* help = "";
  bool may_be_empty = false;  // "" is torchrun's own default; other options refuse it
};

const std::vector<TorchrunOption>& torchrun_options();

// The option that an argument names ("--nproc_per_node=2", "--node-r", "-r3"); nullptr if it is not torchrun's, or is
// the beginning of several.
const TorchrunOption* find_torchrun_option(const std::string& argument);

// Whether the argument is an option of torchrun with its value in the next argument.
bool torchrun_value_follows(const std::string& argument);

using TorchrunValues = std::map<std::string, std::string>;  // by name; the value of a flag is ""

// Removes torchrun's options with their values from `arguments` (those before the program), except those that are
// `ours`: --nproc is not read as a beginning of --nproc-per-node. Throws UsageError for a missing or empty value.
TorchrunValues take_torchrun(std::vector<std::string>& arguments, const std::function<bool(const std::string&)>& ours);

// The options for --help, one per line.
std::string torchrun_help();

// Adds the options that PET_ variables set and that are not in `values`. If `program` is false, options of programs are
// left out. Throws UsageError for a flag's variable other than 0 or 1, and for an empty value.
void add_torchrun_variables(TorchrunValues& values, const Getenv& variables, bool program);

// Whether a flag is set by its variable: PET_MODULE=1.
bool torchrun_flag_variable(const Getenv& variables, const std::string& flag);

}  // namespace tlaunch
