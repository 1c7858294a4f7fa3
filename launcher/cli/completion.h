// Completion scripts for shells, made from the options of the parsers, so that they are always up to date. Pure.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace tlaunch {

struct CompletionOption {
  std::string short_name, long_name;  // with their dashes; "": none
  std::string help;
  bool takes_value = false;
  std::vector<std::string> choices;  // for the value; empty: a file, or any text
};

struct CompletionCommand {
  std::string word;  // "probe", "checkpoints list"; "" for the run command and plain programs
  std::vector<CompletionOption> options;
  bool takes_keys = false;  // config keys, key=value, after a CONFIG.yaml
};

std::vector<CompletionOption> options_of(const CLI::App& app);

// `shell`: bash, zsh or fish. zsh gets bash's script, run by zsh's own bashcompinit.
std::string completion_script(const std::string& shell, const std::vector<CompletionCommand>& commands);

}  // namespace tlaunch
