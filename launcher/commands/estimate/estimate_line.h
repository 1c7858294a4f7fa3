// The command line of `tlaunch estimate`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "launcher/cli/print_command.h"
#include "launcher/cli/shared_options.h"
#include "launcher/commands/estimate/estimate_command.h"

namespace tlaunch {

class EstimateLine {
 public:
  EstimateLine();

  // `arguments` without the word estimate. Throws UsageError.
  Parsed<EstimateCommand> parse_command(const std::vector<std::string>& arguments, const TorchrunValues& torchrun);
  const CLI::App& app() const { return app_; }

 private:
  CLI::App app_{
      "Estimates time and disk of a run before it starts: measures a few steps of a CONFIG.yaml, or computes\n"
      "from figures alone.",
      "tlaunch estimate"};
  EstimateCommand values_;
  KeyOptions keys_;
};

}  // namespace tlaunch
