// The start-up summary: one fact per line, for people to check before a long run.
#pragma once

#include <string>
#include <vector>

#include "launcher/job/job.h"
#include "launcher/narration/progress.h"

namespace tlaunch {

// Pure. Facts that do not apply (TF32 on a CPU) are left out. `run_dir` is shown as given.
std::vector<std::string> start_up_lines(const Job& job, const std::string& run_dir);

// Prints the lines, each with a tick (docs/command-line.md), and the notes.
void show_start_up(Progress& progress, const Job& job, const std::string& run_dir);

}  // namespace tlaunch
