// --smoke: the whole line in a few minutes, with a verdict (docs/smoke.md).
// Part 1 trains over --smoke-epochs shortened epochs, evaluating and saving at each end. Part 2 resumes in a second
// group of workers from the first epoch's checkpoint and does some steps again, whose losses must be those of part 1.
#pragma once

#include "launcher/cli/command_line.h"
#include "launcher/job/job.h"
#include "launcher/run/on_end.h"

namespace tlaunch {

// Makes a run folder of its own, which `latest` does not point to. Returns 0 passed, 1 failed, 130 after Ctrl-C.
// `ending` learns how it ended.
int run_smoke(const RunCommand& command, const Job& full, RunEnding& ending);

}  // namespace tlaunch
