// What several commands take, and how an option that has a config key becomes an override of that key.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "launcher/cli/torchrun_options.h"

namespace tlaunch {

// Options that are keys of a config in other words.
struct KeyOptions {
  std::optional<std::string> nproc, numa;
  std::optional<double> grace_s, hang_timeout_s;
  std::optional<std::int64_t> max_restarts;
  std::optional<std::string> max_time, on_end;
};

inline constexpr const char* stdin_help = "Standard input to rank 0, for a debugger; its output gets no prefix";

// Each adds one option; `fallback` and `meaning` go into its help.
void nproc_option(CLI::App& app, std::optional<std::string>& value, const std::string& fallback);
void log_limit_option(CLI::App& app, std::uint64_t& bytes);
void wait_gpu_option(CLI::App& app, std::optional<std::uint64_t>& bytes);
void numa_option(CLI::App& app, std::optional<std::string>& value, const std::string& fallback);
void grace_option(CLI::App& app, std::optional<double>& value, const std::string& fallback);
void restarts_option(CLI::App& app, std::optional<std::int64_t>& value, const std::string& meaning);
void hang_option(CLI::App& app, std::optional<double>& value, const std::string& meaning);
// --max-time and --on-end.
void end_options(CLI::App& app, std::optional<std::string>& max_time, std::optional<std::string>& on_end,
                 const std::string& at_its_time, const std::string& default_note = "");

// --on-end's command, with its program, where that is a path, as it is found from anywhere. What is not a command is
// refused later.
std::string end_command(const std::string& text);

// Appends them as overrides, which come last: whatever is made from the config then has them, in a fresh run, a resumed
// one and a smoke test. An option comes before torchrun's of the same meaning.
void add_keys(KeyOptions keys, const TorchrunValues& torchrun, std::vector<std::string>& overrides);

}  // namespace tlaunch
