#include "launcher/cli/command_parse.h"

#include <algorithm>

#include "core/error.h"
#include "core/nearest.h"
#include "core/user_path.h"
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

// An option's value that is "" would count as not given.
void refuse_empty_values(const CLI::App& app, const std::vector<std::string>& arguments) {
  const auto takes_value = [&](const std::string& name) {
    const CLI::Option* option = name.starts_with("-") ? app.get_option_no_throw(name) : nullptr;
    return option != nullptr && option->get_items_expected_max() > 0;
  };
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument.ends_with('=') && takes_value(argument.substr(0, argument.size() - 1)))
      refuse_empty("the value of " + argument.substr(0, argument.size() - 1));
    if (argument.empty())
      refuse_empty(i > 0 && takes_value(arguments[i - 1]) ? "the value of " + arguments[i - 1] : "an argument");
  }
}

}  // namespace

std::string parse(CLI::App& app, std::vector<std::string> arguments, const std::string& where) {
  refuse_empty_values(app, arguments);
  app.allow_extras();
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
