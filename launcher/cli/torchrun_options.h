// torchrun's own options (2.11) as its parser reads them: hyphens or underscores, any unique beginning of a name,
// "-r3", the last of several wins, PET_NAME in the environment where the command line says nothing. What they mean here
// is told in torchrun_alias.h. Pure.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/environment.h"

namespace tlaunch {

struct TorchrunOption {
  std::string name;  // without dashes in front, words joined by hyphens
  char letter = 0;   // "-r"; 0: none
  bool takes_value = true;
  bool program_only = false;  // means nothing to a CONFIG.yaml
  bool has_variable = true;   // PET_<NAME>
  const char* help = "";
  bool may_be_empty = false;  // "" is torchrun's own default; of others it is refused
};

const std::vector<TorchrunOption>& torchrun_options();

// The option an argument names ("--nproc_per_node=2", "--node-r", "-r3"); nullptr where it is none of torchrun's, or
// the beginning of several.
const TorchrunOption* find_torchrun_option(const std::string& argument);

// Whether the argument is one of torchrun's whose value is the argument after it.
bool torchrun_value_follows(const std::string& argument);

using TorchrunValues = std::map<std::string, std::string>;  // by name; a flag that is given: ""

// Takes torchrun's options with their values out of `arguments` (those before the program), but for those that are
// `ours`: --nproc is no beginning of --nproc-per-node. Throws UsageError for a missing or
// empty value.
TorchrunValues take_torchrun(std::vector<std::string>& arguments, const std::function<bool(const std::string&)>& ours);

// The options for --help, a line each.
std::string torchrun_help();

// Adds what PET_ variables set of the options that are not in `values`. `program` false: options of programs are left
// out. Throws UsageError for a flag's variable that is no number, and for an empty value.
void add_torchrun_variables(TorchrunValues& values, const Getenv& variables, bool program);

// A flag's variable: PET_MODULE=1.
bool torchrun_flag_variable(const Getenv& variables, const std::string& flag);

}  // namespace tlaunch
