// torchrun's options as a plain program takes them.
#pragma once

#include "launcher/cli/torchrun_options.h"
#include "launcher/commands/program/program_command.h"

namespace tlaunch {

// An option of ours comes before torchrun's of the same meaning. Throws UsageError for what one machine cannot do.
void apply_torchrun(const TorchrunValues& values, ProgramCommand& command);

}  // namespace tlaunch
