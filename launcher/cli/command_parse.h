// What the commands' parsers share: arguments through CLI11, with our errors.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace tlaunch {

// Returns the help text where it was asked for, "" otherwise. Throws UsageError, with the nearest known option; `where`
// names the command in it. An empty value, or an empty argument, is refused too.
std::string parse(CLI::App& app, std::vector<std::string> arguments, const std::string& where);

// Throws UsageError for an argument that `app` does not know.
[[noreturn]] void refuse_unknown(const CLI::App& app, const std::string& argument, const std::string& where);

// Throws UsageError: `what` has an empty value.
[[noreturn]] void refuse_empty(const std::string& what);

// A path that an option or an argument takes, as core/user_path.h reads it. Throws UsageError that names `option`.
std::string expanded_path(const std::string& option, const std::string& text);
// The same for an option's transform().
CLI::Validator path_value();

// Throws UsageError where one is no key=value.
void check_overrides(const std::vector<std::string>& overrides);

}  // namespace tlaunch
