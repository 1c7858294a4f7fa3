// `tlaunch estimate`: of a config, or from figures alone. Results on stdout.
#pragma once

#include "launcher/cli/command_line.h"

namespace tlaunch {

// The exit code. Throws UsageError.
int run_estimate(const EstimateCommand& command);

}  // namespace tlaunch
