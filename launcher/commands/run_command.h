// The run command: from CONFIG.yaml to a trained model and its summary.
#pragma once

#include "launcher/cli/command_line.h"

namespace tlaunch {

// Returns the exit code. Throws UsageError for all that can be wrong before a worker starts.
int run_config(const RunCommand& command);

}  // namespace tlaunch
