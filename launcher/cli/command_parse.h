// What the commands' parsers share: arguments through CLI11, with our errors.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "config/config_value.h"

namespace tlaunch {

// Returns the help text where it was asked for, "" otherwise. Throws UsageError, with the nearest known option; `where`
// names the command in it. A value that is missing or empty, and an empty argument, are refused too. Of an option that
// is given twice the last value counts, as under torchrun.
std::string parse(CLI::App& app, std::vector<std::string> arguments, const std::string& where);

// Throws UsageError for an argument that `app` does not know.
[[noreturn]] void refuse_unknown(const CLI::App& app, const std::string& argument, const std::string& where);

// Throws UsageError: `what` has an empty value.
[[noreturn]] void refuse_empty(const std::string& what);

// A path that an option or an argument takes, as config/user_path.h reads it. Throws UsageError that names `option`.
std::string expanded_path(const std::string& option, const std::string& text);
// The same for an option's transform().
CLI::Validator path_value();

// For an option's transform(): checks the value as a config's is, with the same words.
CLI::Validator value_of(const ValueRule& rule);
CLI::Validator one_of(const std::vector<std::string>& words);
CLI::Validator integer_within(std::int64_t low, std::int64_t high);
CLI::Validator number_within(double low, double high);

// Throws UsageError where one is no key=value.
void check_overrides(const std::vector<std::string>& overrides);

}  // namespace tlaunch
