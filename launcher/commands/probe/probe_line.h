// The command line of `tlaunch probe`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "launcher/cli/print_command.h"
#include "launcher/commands/probe/probe_command.h"

namespace tlaunch {

class ProbeLine {
 public:
  ProbeLine();
  // `arguments` without the word probe. Throws UsageError.
  Parsed<ProbeCommand> parse_command(const std::vector<std::string>& arguments);
  const CLI::App& app() const { return app_; }

 private:
  CLI::App app_{"Shows the hardware of this machine that a run may use.", "tlaunch probe"};
  ProbeCommand values_;
};

}  // namespace tlaunch
