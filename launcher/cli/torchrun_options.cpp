#include "launcher/cli/torchrun_options.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "base/environment.h"
#include "base/error.h"
#include "base/text.h"
#include "launcher/cli/command_parse.h"

namespace tlaunch {
namespace {

std::string hyphenated(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

void check_value(const TorchrunOption& option, const std::string& value, const std::string& given_as) {
  if (value.empty() && !option.may_be_empty) refuse_empty(given_as);
}

std::string variable_of(std::string name) {
  for (char& c : name) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return "PET_" + name;
}

}  // namespace

const std::vector<TorchrunOption>& torchrun_options() {
  constexpr bool value = true, flag = false, program = true, both = false, or_empty = true;
  static const std::vector<TorchrunOption> options = {
      {"nproc-per-node", 0, value, both, true, "as --nproc; auto without a GPU: one per allowed core"},
      {"nnodes", 0, value, both, true, "1 or 1:1"},
      {"node-rank", 0, value, both, true, "0"},
      {"standalone", 0, flag, both, true, "a free port and a new run id"},
      {"rdzv-backend", 0, value, both, true, "static: MASTER_PORT is --master-port; c10d: a free port"},
      {"rdzv-endpoint", 0, value, both, true, "HOST[:PORT] of this machine", or_empty},
      {"rdzv-id", 0, value, both, true, "TORCHELASTIC_RUN_ID"},
      {"rdzv-conf", 0, value, both, true, "no effect on one machine", or_empty},
      {"master-addr", 0, value, both, true, "MASTER_ADDR: a name or address of this machine"},
      {"master-port", 0, value, both, true, "MASTER_PORT (default: a free one)"},
      {"local-addr", 0, value, both, true, "a name or address of this machine"},
      {"max-restarts", 0, value, both, true, "as above"},
      {"monitor-interval", 0, value, both, true, "no effect: an ended rank is noticed at once"},
      {"start-method", 0, value, both, true, "no effect: programs are started, not forked"},
      {"role", 0, value, program, true, "ROLE_NAME"},
      {"log-dir", 0, value, program, true, "each rank's output in DIR/attempt_N/rank_R.log"},
      {"redirects", 'r', value, program, true,
       "streams kept off the terminal: 1 stdout, 2 stderr, 3 both; 0:3,1:1 by rank"},
      {"tee", 't', value, program, true, "streams shown on the terminal too, written as for -r"},
      {"local-ranks-filter", 0, value, program, true, "ranks whose output is shown, for example 0,2", or_empty},
      {"virtual-local-rank", 0, flag, program, true, "LOCAL_RANK 0 and one GPU for each rank"},
      {"signals-to-handle", 0, value, program, true, "of SIGTERM,SIGINT,SIGHUP,SIGQUIT,SIGUSR1"},
      {"event-log-handler", 0, value, program, true, "null"},
      {"logs-specs", 0, value, program, false, "default"},
      {"numa-binding", 0, value, both, false, "node: as --numa node"},
      {"duplicate-stdout-filters", 0, value, program, true, "refused", or_empty},
      {"duplicate-stderr-filters", 0, value, program, true, "refused", or_empty},
      {"module", 0, flag, program, true, "before a module's name; or -m"},
      {"no-python", 0, flag, program, true, "before a program in PATH"},
      {"run-path", 0, flag, program, true, "before a script"},
  };
  return options;
}

const TorchrunOption* find_torchrun_option(const std::string& argument) {
  const auto& options = torchrun_options();
  if (argument.size() > 1 && argument[0] == '-' && argument[1] != '-') {
    const auto found =
        std::find_if(options.begin(), options.end(), [&](const auto& o) { return o.letter == argument[1]; });
    return found == options.end() ? nullptr : &*found;
  }
  if (!argument.starts_with("--")) return nullptr;
  const std::string name = hyphenated(argument.substr(0, argument.find('=')).substr(2));
  const TorchrunOption* begins = nullptr;
  int count = 0;
  for (const TorchrunOption& option : options) {
    if (option.name == name) return &option;
    if (!name.empty() && option.name.starts_with(name)) {
      begins = &option;
      ++count;
    }
  }
  return count == 1 ? begins : nullptr;
}

bool torchrun_value_follows(const std::string& argument) {
  const TorchrunOption* option = find_torchrun_option(argument);
  if (option == nullptr || !option->takes_value) return false;
  return argument[1] == '-' ? argument.find('=') == std::string::npos : argument.size() == 2;
}

TorchrunValues take_torchrun(std::vector<std::string>& arguments, const std::function<bool(const std::string&)>& ours) {
  TorchrunValues values;
  std::vector<std::string> rest;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const TorchrunOption* option = ours(argument) ? nullptr : find_torchrun_option(argument);
    if (option == nullptr) {
      rest.push_back(argument);
      continue;
    }
    const bool is_long = argument[1] == '-';
    const std::size_t equals = argument.find('=');
    if (!option->takes_value) {
      if (equals != std::string::npos) throw UsageError(format_text("--{} takes no value", option->name));
      values[option->name] = "";
    } else if (torchrun_value_follows(argument)) {
      if (i + 1 == arguments.size()) throw UsageError(format_text("{} needs a value", argument));
      values[option->name] = arguments[++i];
    } else {
      values[option->name] = argument.substr(is_long ? equals + 1 : argument[2] == '=' ? 3 : 2);
    }
    if (option->takes_value)
      check_value(*option, values[option->name], "the value of " + argument.substr(0, is_long ? equals : 2));
  }
  arguments = std::move(rest);
  return values;
}

std::string torchrun_help() {
  std::string text = "torchrun's options, with hyphens or underscores, or as PET_ variables:\n";
  for (const TorchrunOption& option : torchrun_options()) {
    if (std::string_view(option.help) == "refused") continue;
    std::string name = "  --" + option.name;
    if (option.letter != 0) name += std::string(", -") + option.letter;
    name.resize(std::max<std::size_t>(name.size() + 2, 26), ' ');
    text += name + option.help + "\n";
  }
  return text +
         "  ${local_rank} in the program's arguments becomes the local rank\n\n"
         "Examples:\n"
         "  tlaunch --nproc_per_node=4 train.py --config c.yaml\n"
         "  tlaunch --standalone --nproc-per-node gpu --log-dir logs -r 1:3 -m package.train\n"
         "  tlaunch --nproc 2 --no-python ./a_program --its-option";
}

void add_torchrun_variables(TorchrunValues& values, const Getenv& variables, bool program) {
  for (const TorchrunOption& option : torchrun_options()) {
    if (values.contains(option.name) || !option.has_variable || (option.program_only && !program)) continue;
    if (!option.takes_value) {
      if (torchrun_flag_variable(variables, option.name)) values[option.name] = "";
    } else if (const auto value = variables(variable_of(option.name))) {
      check_value(option, *value, "the variable " + variable_of(option.name));
      values[option.name] = *value;
    }
  }
}

bool torchrun_flag_variable(const Getenv& variables, const std::string& flag) {
  const std::string name = variable_of(flag);
  const auto value = variables(name);
  if (!value || *value == "0") return false;
  if (value->empty()) refuse_empty("the variable " + name);
  if (*value == "1") return true;
  throw UsageError(format_text("{}={}: expected 0 or 1", name, printable(*value, 60)));
}

}  // namespace tlaunch
