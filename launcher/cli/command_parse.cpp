#include "launcher/cli/command_parse.h"

#include <algorithm>

#include "base/environment.h"
#include "base/error.h"
#include "base/nearest.h"
#include "config/user_path.h"
#include "launcher/job/job.h"

namespace tlaunch {

void refuse_unknown(const CLI::App& app, const std::string& argument, const std::string& where) {
  const std::string name = argument.substr(0, argument.find('='));
  if (!name.starts_with("-")) throw UsageError("unexpected argument '" + argument + "' for " + where);
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& long_name : option->get_lnames()) known.push_back("--" + long_name);
  std::string message = "unknown option " + name + " for " + where;
  if (const auto near = nearest(name, known)) message += "; did you mean " + *near + "?";
  throw UsageError(message + "  (see " + app.get_name() + " --help)");
}

void refuse_empty(const std::string& what) {
  throw UsageError(what + " is empty; probably a shell variable is not set");
}

namespace {

const CLI::Option* option_named(const CLI::App& app, const std::string& name) {
  return name.starts_with("-") ? app.get_option_no_throw(name) : nullptr;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// Values that are missing or too many. One that is "" would count as not given.
void check_values(const CLI::App& app, const std::vector<std::string>& arguments) {
  const std::string see = "  (see " + app.get_name() + " --help)";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument.empty()) refuse_empty("an argument");
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const CLI::Option* option = option_named(app, name);
    if (option == nullptr) continue;
    if (!takes_value(*option)) {
      if (equals != std::string::npos)
        throw UsageError(name + " takes no value: leave '" + argument.substr(equals) + "' out" + see);
      continue;
    }
    if (equals != std::string::npos) {
      if (equals + 1 == argument.size()) refuse_empty("the value of " + name);
      continue;
    }
    const std::string expected = option->get_type_name().empty() ? "a value" : option->get_type_name();
    if (++i == arguments.size()) throw UsageError(name + " needs " + expected + " after it" + see);
    if (arguments[i].empty()) refuse_empty("the value of " + name);
    if (option_named(app, arguments[i]) != nullptr)
      throw UsageError(name + " needs " + expected + " after it, and " + arguments[i] + " is an option" + see);
  }
}

}  // namespace

std::string parse(CLI::App& app, std::vector<std::string> arguments, const std::string& where) {
  check_values(app, arguments);
  app.allow_extras();
  for (CLI::Option* option : app.get_options())
    if (option->get_items_expected_max() == 1) option->take_last();
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    app.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    return app.help();
  } catch (const CLI::ParseError& error) {
    throw UsageError(std::string(error.what()) + "  (see " + app.get_name() + " --help)");
  }
  for (const std::string& extra : app.remaining()) refuse_unknown(app, extra, where);
  return "";
}

CLI::Validator value_of(const ValueRule& rule) {
  const auto check = [rule](std::string& text) -> std::string {
    const ParsedValue parsed = parse_value(text, rule);
    if (parsed.value) text = to_text(*parsed.value);
    return parsed.problem;
  };
  return CLI::Validator(check, "", "value");
}

CLI::Validator one_of(const std::vector<std::string>& words) {
  return value_of({.type = OptionType::text, .choices = {words.begin(), words.end()}});
}

CLI::Validator integer_within(std::int64_t low, std::int64_t high) {
  return value_of({.type = OptionType::integer, .min = static_cast<double>(low), .max = static_cast<double>(high)});
}

CLI::Validator number_within(double low, double high) {
  return value_of({.type = OptionType::real, .min = low, .max = high});
}

std::string expanded_path(const std::string& option, const std::string& text) {
  const UserPath path = path_on_command_line(text, environment_value);
  if (!path.problem.empty()) throw UsageError(option + ": " + path.problem);
  return path.path;
}

CLI::Validator path_value() {
  const auto expand = [](std::string& text) -> std::string {
    const UserPath path = path_on_command_line(text, environment_value);
    if (path.problem.empty()) text = path.path;
    return path.problem;
  };
  return CLI::Validator(expand, "", "path");
}

void check_overrides(const std::vector<std::string>& overrides) {
  for (const std::string& text : overrides)
    if (text.find('=') == std::string::npos || text.starts_with("="))
      throw UsageError("'" + text + "' is no key=value; config keys are changed by, say, train.epochs=3");
}

}  // namespace tlaunch
