// The start-up summary: one fact a line, as people tick it off before a long run.
#pragma once

#include <string>
#include <vector>

#include "launcher/job/job.h"
#include "launcher/narration/progress.h"

namespace tlaunch {

// Pure. Facts that do not apply (TF32 on a CPU) are left out. `run_dir` as it is shown.
std::vector<std::string> start_up_lines(const Job& job, const std::string& run_dir);

// Prints them, each ticked (docs/command-line.md).
void show_start_up(Progress& progress, const Job& job, const std::string& run_dir);

}  // namespace tlaunch
