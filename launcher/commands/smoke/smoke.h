// --smoke: the whole line in a few minutes, with a verdict (docs/smoke.md).
// Part 1 trains over --smoke-epochs shortened epochs, evaluating and saving at each end. Part 2 resumes in a second
// group of workers from the first epoch's checkpoint and does some steps again, whose losses must be those of part 1.
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
  bool fit_disk = false;              // as of the run command
  bool retune = false, json = false;
};

// Makes a run folder of its own, which `latest` does not point to. Returns 0 passed, 1 failed, 130 after Ctrl-C.
// `ending` learns how it ended.
int run_smoke(const SmokeTest& test, const Job& full, RunEnding& ending);

}  // namespace tlaunch
