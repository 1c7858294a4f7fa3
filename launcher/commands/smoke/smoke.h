// --smoke: tests a whole run in a few minutes and ends with a verdict (docs/smoke.md).
// Part 1 trains --smoke-epochs shortened epochs, and evaluates and saves at the end of each. Part 2 resumes in a second
// group of workers from the first epoch's checkpoint and repeats some steps, whose losses must equal those of part 1.
#pragma once

#include <cstdint>
#include <string>

#include "launcher/commands/smoke/smoke_plan.h"
#include "launcher/job/job.h"
#include "launcher/run/on_end.h"

namespace tlaunch {

struct SmokeTest {
  SmokeOptions options;
  std::string run_dir;                // "": runs/<name>/<time>-<id>-smoke
  std::uint64_t log_limit_bytes = 0;  // of each rank's log
  bool fit_disk = false;              // as for the run command
  bool retune = false, json = false;
};

// Makes its own run folder, to which `latest` does not point. Returns 0 if the test passed, 1 if it failed, 130 after
// Ctrl-C. Fills `ending` with how the test ended.
int run_smoke(const SmokeTest& test, const Job& full, RunEnding& ending);

}  // namespace tlaunch
