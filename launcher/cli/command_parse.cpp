#include "launcher/cli/command_parse.h"

#include <algorithm>

#include "base/environment.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/text.h"
#include "config/schema.h"
#include "config/user_path.h"
#include "launcher/job/job.h"

namespace tlaunch {

void refuse_unknown(const CLI::App& app, const std::string& argument, const std::string& where) {
  const std::string name = argument.substr(0, argument.find('='));
  if (!name.starts_with("-")) throw UsageError(format_text("unexpected argument {} for {}", quoted(argument), where));
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& long_name : option->get_lnames()) known.push_back("--" + long_name);
  const std::string key = name.substr(std::min(name.find_first_not_of('-'), name.size()));
  if (schema_key(key) != nullptr)
    throw UsageError(
        format_text("unknown option {} for {}; a config key is changed without --: {}=VALUE  (see {} --help)", name,
                    where, key, app.get_name()));
  const auto near = nearest(name, known);
  throw UsageError(format_text("unknown option {} for {}{}  (see {} --help)", printable(name, 60), where,
                               near ? format_text("; did you mean {}?", *near) : "", app.get_name()));
}

void refuse_empty(const std::string& what) {
  throw UsageError(format_text("{} is empty; probably a shell variable is not set", what));
}

namespace {

const CLI::Option* option_named(const CLI::App& app, const std::string& name) {
  return name.starts_with("-") ? app.get_option_no_throw(name) : nullptr;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// Refuses missing and superfluous values. CLI11 would treat an empty value as missing.
void check_values(const CLI::App& app, const std::vector<std::string>& arguments) {
  const std::string see = format_text("  (see {} --help)", app.get_name());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument.empty()) refuse_empty("an argument");
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const CLI::Option* option = option_named(app, name);
    if (option == nullptr) continue;
    if (!takes_value(*option)) {
      if (equals != std::string::npos)
        throw UsageError(format_text("{} takes no value: leave {} out{}", name, quoted(argument.substr(equals)), see));
      continue;
    }
    if (equals != std::string::npos) {
      if (equals + 1 == argument.size()) refuse_empty("the value of " + name);
      continue;
    }
    const std::string expected = option->get_type_name().empty() ? "a value" : option->get_type_name();
    if (++i == arguments.size()) throw UsageError(format_text("{} needs {} after it{}", name, expected, see));
    if (arguments[i].empty()) refuse_empty("the value of " + name);
    if (option_named(app, arguments[i]) != nullptr)
      throw UsageError(format_text("{} needs {} after it, and {} is an option{}", name, expected, arguments[i], see));
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
    throw UsageError(format_text("{}  (see {} --help)", error.what(), app.get_name()));
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
  if (!path.problem.empty()) throw UsageError(format_text("{}: {}", option, path.problem));
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
      throw UsageError(format_text("{} is not key=value; write for example train.epochs=3", quoted(text)));
}

}  // namespace tlaunch
