// tlaunch tune: the plan for a config, measured here or predicted for another card; written where asked for.
#pragma once

#include "launcher/cli/command_line.h"

namespace tlaunch {

int run_tune(const TuneCommand& command);

}  // namespace tlaunch
