// Shared by the parsers of all commands: CLI11 parses the arguments, the errors are ours.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "config/config_value.h"

namespace tlaunch {

// Returns the help text if the arguments ask for it, else "". Throws UsageError with the nearest known option; `where`
// is the name of the command in the message. A missing or empty value and an empty argument are refused too. If an
// option is given twice, the last value counts, as under torchrun.
std::string parse(CLI::App& app, std::vector<std::string> arguments, const std::string& where);

// Throws UsageError for an argument that `app` does not know.
[[noreturn]] void refuse_unknown(const CLI::App& app, const std::string& argument, const std::string& where);

// Throws UsageError: the value of `what` is empty.
[[noreturn]] void refuse_empty(const std::string& what);

// The path given to an option or an argument, expanded by config/user_path.h. Throws UsageError that names `option`.
std::string expanded_path(const std::string& option, const std::string& text);
// The same for an option's transform().
CLI::Validator path_value();

// For an option's transform(): checks the value by the same rules and with the same messages as a config's.
CLI::Validator value_of(const ValueRule& rule);
CLI::Validator one_of(const std::vector<std::string>& words);
CLI::Validator integer_within(std::int64_t low, std::int64_t high);
CLI::Validator number_within(double low, double high);

// Throws UsageError if one is not key=value.
void check_overrides(const std::vector<std::string>& overrides);

}  // namespace tlaunch
