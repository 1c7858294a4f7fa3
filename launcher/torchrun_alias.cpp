#include "launcher/torchrun_alias.h"

#include <algorithm>
#include <map>

#include "core/error.h"

namespace tlaunch {
namespace {

// Options followed by a value, with their underscores written as hyphens. The text is what the option becomes; "" is
// left out, after its value has been looked at.
const std::map<std::string, std::string>& options_with_value() {
  static const std::map<std::string, std::string> options = {
      {"--nproc-per-node", "--nproc"}, {"--nnodes", ""},       {"--node-rank", ""},  {"--master-addr", ""},
      {"--master-port", ""},           {"--rdzv-backend", ""}, {"--rdzv-id", ""},    {"--rdzv-endpoint", ""},
      {"--rdzv-conf", ""},             {"--max-restarts", "--max-restarts"}, {"--start-method", ""}, {"--monitor-interval", ""}};
  return options;
}

std::string hyphenated(std::string option) {
  std::replace(option.begin(), option.end(), '_', '-');
  return option;
}

bool is_this_machine(const std::string& host) {
  return host == "localhost" || host == "127.0.0.1" || host == "::1" || host == "0.0.0.0";
}

void check_one_machine(const std::string& option, const std::string& value) {
  const auto refuse = [&](const std::string& what) {
    throw UsageError(option + " " + value + ": " + what);
  };
  if (option == "--nnodes" && value != "1" && value != "1:1")
    refuse("this version runs on one machine; leave the option out");
  if (option == "--node-rank" && value != "0") refuse("this version runs on one machine; leave the option out");
  const bool names_host = option == "--master-addr" || option == "--rdzv-endpoint";
  if (names_host && !value.empty() && !is_this_machine(value.substr(0, value.rfind(':'))) && !is_this_machine(value))
    refuse("this version runs on one machine and chooses its own free port; leave the option out");
}

}  // namespace

bool torchrun_option_takes_value(const std::string& option) {
  return options_with_value().contains(hyphenated(option));
}

bool is_torchrun_flag(const std::string& option) {
  const std::string name = hyphenated(option);
  return name == "--standalone";
}

std::vector<std::string> translate_torchrun(const std::vector<std::string>& arguments) {
  std::vector<std::string> ours;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!argument.starts_with("--")) {
      ours.push_back(argument);
      continue;
    }
    const std::size_t equals = argument.find('=');
    const std::string name = hyphenated(argument.substr(0, equals));
    if (name == "--standalone") continue;  // --no-python was taken where the program was found
    const auto known = options_with_value().find(name);
    if (known == options_with_value().end()) {
      ours.push_back(argument);
      continue;
    }
    std::string value;
    if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    } else {
      throw UsageError(argument + " needs a value");
    }
    check_one_machine(name, value);
    if (!known->second.empty()) {
      ours.push_back(known->second);
      ours.push_back(value);
    }
  }
  return ours;
}

}  // namespace tlaunch
