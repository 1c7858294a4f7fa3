// torchrun's options for a plain program.
#pragma once

#include "launcher/cli/torchrun_options.h"
#include "launcher/commands/program/program_command.h"

namespace tlaunch {

// An option of tlaunch overrides the one of torchrun with the same meaning. Throws UsageError for values that tlaunch
// does not support.
void apply_torchrun(const TorchrunValues& values, ProgramCommand& command);

}  // namespace tlaunch
