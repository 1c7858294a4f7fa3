// Program mode: any program as worker, with torchrun's environment. No config, no probe, no run folder; log files only
// where a folder is named.
#pragma once

#include "hardware/placement.h"
#include "launcher/commands/program/program_command.h"
#include "launcher/run/on_end.h"
#include "processes/group/supervise.h"
#include "processes/group/time_limit.h"

namespace tlaunch {

// What starts the program as that rank: for a script or module $PYTHON_EXEC, or python (python3 where PATH holds no
// python), with -u. "${local_rank}" in its arguments becomes the number; of a
// script or module as string.Template does it. Pure but for the look at the environment.
std::vector<std::string> program_argv(const ProgramCommand& command, int local_rank);

// Runs a process for each rank that is placed to their end, or until the time is up, and returns the exit code. A
// failure is told on stderr. `ending` learns how it ended.
int run_program(const ProgramCommand& command, const Placement& placement, const TimeLimit& limit, RunEnding& ending);

}  // namespace tlaunch
