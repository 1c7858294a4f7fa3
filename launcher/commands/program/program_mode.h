// Program mode: runs any program as worker with torchrun's environment. There is no config, no probe and no run folder,
// and there are log files only if a folder is named or streams are redirected.
#pragma once

#include "hardware/placement.h"
#include "launcher/commands/program/program_command.h"
#include "launcher/run/on_end.h"
#include "processes/group/supervise.h"
#include "processes/group/time_limit.h"

namespace tlaunch {

// The command that starts the program as that rank. A script or module is started by $PYTHON_EXEC or python (python3 if
// PATH holds no python) with -u. "${local_rank}" in the arguments becomes the number; for a script or module it is
// replaced as string.Template does. Reads the environment; otherwise pure.
std::vector<std::string> program_argv(const ProgramCommand& command, int local_rank);

// Runs one process per placed rank until they end or the time is up, and returns the exit code. Reports a failure on
// stderr. Fills `ending` with how the program ended.
int run_program(const ProgramCommand& command, const Placement& placement, const TimeLimit& limit, RunEnding& ending);

}  // namespace tlaunch
