// The command line of `tlaunch tune`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "launcher/cli/print_command.h"
#include "launcher/cli/shared_options.h"
#include "launcher/commands/tune/tune_command.h"

namespace tlaunch {

class TuneLine {
 public:
  TuneLine();
  // `arguments` without the word tune. Throws UsageError.
  Parsed<TuneCommand> parse_command(const std::vector<std::string>& arguments, const TorchrunValues& torchrun);
  const CLI::App& app() const { return app_; }

 private:
  CLI::App app_{
      "Measures the settings that are auto in CONFIG.yaml (batch size, precision, layout, loading) and shows the\n"
      "plan. Changes no file unless --write or --team is given.",
      "tlaunch tune"};
  TuneCommand values_;
  KeyOptions keys_;
  bool test_only_ = false;
};

}  // namespace tlaunch
