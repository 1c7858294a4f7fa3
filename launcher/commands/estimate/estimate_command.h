// `tlaunch estimate`: estimates a run from its config, or from figures alone. Prints the results to stdout.
#pragma once

#include <string>
#include <vector>
#include "estimate/spreadsheet_options.h"

namespace tlaunch {

struct EstimateCommand {
  std::string config;  // "": from figures
  std::vector<std::string> overrides;
  std::string horizons, deadline;  // "5,10,20" epochs; "3d"; "": not given
  FigureOptions figures;
  bool json = false;
};

// Returns the exit code. Throws UsageError.
int run_estimate(const EstimateCommand& command);

}  // namespace tlaunch
