// The command line of `tlaunch evaluate`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "launcher/cli/print_command.h"
#include "launcher/cli/shared_options.h"
#include "launcher/commands/evaluate/evaluate_command.h"

namespace tlaunch {

class EvaluateLine {
 public:
  EvaluateLine();
  // `arguments` without the word evaluate. Throws UsageError.
  Parsed<EvaluateCommand> parse_command(const std::vector<std::string>& arguments, const TorchrunValues& torchrun);
  const CLI::App& app() const { return app_; }

 private:
  CLI::App app_{"Evaluates a checkpoint on the data set of a config. Prints the metrics to stdout.",
                "tlaunch evaluate"};
  EvaluateCommand values_;
  KeyOptions keys_;
};

}  // namespace tlaunch
