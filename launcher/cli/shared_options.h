// Options that several commands share, and the overrides made from options that have a config key.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "launcher/cli/torchrun_options.h"

namespace tlaunch {

// Options that stand for keys of a config.
struct KeyOptions {
  std::optional<std::string> nproc, numa;
  std::optional<double> grace_s, hang_timeout_s;
  std::optional<std::int64_t> max_restarts;
  std::optional<std::string> max_time, on_end;
};

inline constexpr const char* stdin_help = "Pass standard input to rank 0, for a debugger; its output gets no prefix";

// Each function adds one option; `fallback` and `meaning` are parts of its help.
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

// The command of --on-end; if its program is a relative path, it is made absolute. A text that is not a command is
// refused later.
std::string end_command(const std::string& text);

// Appends the options as overrides. They come last, so that everything made from the config has them: a new run, a
// resumed run and a smoke test. An option takes precedence over torchrun's option of the same meaning.
void add_keys(KeyOptions keys, const TorchrunValues& torchrun, std::vector<std::string>& overrides);

}  // namespace tlaunch
