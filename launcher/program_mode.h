// Program mode: any program as worker, with torchrun's environment. No config, no probe, no run folder; log files only
// where a folder is named.
#pragma once

#include "launcher/command_line.h"
#include "launcher/supervise.h"

namespace tlaunch {

// What starts the program: `python -u` for a script or module (python3 where PATH holds no python). Pure but for the
// look into PATH.
std::vector<std::string> program_argv(const ProgramCommand& command);

// Runs `ranks` processes on this machine to their end and returns the exit code. A failure is told on stderr.
int run_program(const ProgramCommand& command, int ranks, int allowed_cores);

}  // namespace tlaunch
