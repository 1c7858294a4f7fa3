// The command line of `tlaunch CONFIG.yaml`.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "launcher/cli/print_command.h"
#include "launcher/cli/shared_options.h"
#include "launcher/commands/run/run_command.h"

namespace tlaunch {

class RunLine {
 public:
  RunLine();

  // `completion`: makes the completion script for a shell from all commands. Throws UsageError.
  Parsed<RunCommand> parse_command(const std::vector<std::string>& arguments, const TorchrunValues& torchrun,
                                   const std::function<std::string(const std::string& shell)>& completion);
  const CLI::App& app() const { return app_; }

 private:
  CLI::App app_{
      "Trains the model of CONFIG.yaml: tunes the settings that are auto, starts one worker per rank, saves and\n"
      "resumes, and says how long the run will take.",
      "tlaunch"};
  RunCommand values_;
  KeyOptions keys_;
  SmokeOptions smoke_values_;
  std::string deadline_, completion_shell_;
  bool smoke_ = false, version_ = false;
};

}  // namespace tlaunch
