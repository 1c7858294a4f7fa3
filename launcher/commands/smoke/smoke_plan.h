// The differences between a smoke test and the run that it tests. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/run_config.h"
#include "contract/run_record.h"

namespace tlaunch {

struct SmokeOptions {
  std::int64_t epochs = 2;  // epochs of part 1
  double minutes = 5;       // budget of the whole test with its start-up
  bool full = false;        // do not shorten the epochs
};

// `config` with an evaluation and a checkpoint at each epoch's end, every loss logged, checkpoints in the run's own
// folder, no early stop.
RunConfig smoke_config(RunConfig config);

struct SmokeBudget {
  std::optional<double> total_s;  // of the whole test; none: without a limit
  double epoch_s = 0;             // of one epoch of part 1; 0: not shortened
  double grace_s = 0;             // between SIGTERM and SIGKILL of a group that is stopped
};
SmokeBudget smoke_budget(const SmokeOptions& options, double grace_s);

// TLAUNCH_SMOKE of the two parts (contract/worker_env.h).
std::string first_part_json(const SmokeOptions& options, const SmokeBudget& budget);
std::string second_part_json(std::int64_t steps_per_epoch);

// `facts` of a smoke test with the evaluations and checkpoints of the run that it tests.
StartEvent full_run_facts(StartEvent facts, const RunConfig& config);

}  // namespace tlaunch
