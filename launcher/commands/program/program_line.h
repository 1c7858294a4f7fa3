// The command line of a plain program: our options and torchrun's.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "launcher/cli/command_split.h"
#include "launcher/cli/print_command.h"
#include "launcher/cli/torchrun_options.h"
#include "launcher/commands/program/program_command.h"

namespace tlaunch {

class ProgramLine {
 public:
  ProgramLine();

  // `run`: the options of a CONFIG.yaml, which are refused by name. Throws UsageError.
  Parsed<ProgramCommand> parse_command(SplitArguments split, const TorchrunValues& torchrun, const CLI::App& run);
  const CLI::App& app() const { return app_; }

 private:
  CLI::App app_{"Starts a program as torchrun would, on this machine.", "tlaunch"};
  ProgramCommand values_;
  std::optional<std::string> numa_;
};

}  // namespace tlaunch
