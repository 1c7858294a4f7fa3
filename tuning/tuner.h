// Chooses by measurement the settings that the user left open: micro-batch and accumulation, precision, kernels and
// layout, loading, and the intervals of logging and saving. Starts from the prior's plan, asks a TrialRunner for one
// measurement after another, and stops when the time budget is used up. Settings that were not reached keep the prior's
// values. Never changes a setting that the user fixed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contract/plan.h"
#include "estimate/pace.h"
#include "tuning/search/memory_line.h"
#include "tuning/search/time_budget.h"
#include "tuning/search/trial_runner.h"
#include "tuning/search/tune_input.h"

namespace tlaunch {

struct TuneOutcome {
  Plan plan;
  std::uint64_t predicted_peak_bytes = 0, measured_peak_bytes = 0, budget_bytes = 0;  // of one rank; 0: not known
  double samples_per_s = 0;  // with the plan, of all ranks; 0: not measured
  std::optional<Pace> pace;  // of the plan's settings
  int trials = 0;
  double seconds = 0;
  bool interrupted = false, cached = false;
  bool unfinished = false;         // some settings were not measured, for lack of time or because the run is too short
  std::string disturbed;           // why this outcome is not worth storing (tuning/disturbance.h); "": it is
  std::vector<std::string> notes;  // for people, one line each
};

// The memory that a job needs on any card, measured on this machine for tuning/card_prediction.h. measure_demand()
// throws UsageError if it cannot be measured.
struct Demand {
  MemoryLine line;
  std::int64_t parameters = 0;
};
Demand measure_demand(const TuneInput& input, TrialRunner& runner, const TuneCallbacks& callbacks);

// The JSON that the cache of plans stores, and back. tune_outcome_from_json() throws DataError for any other JSON.
Json to_json(const TuneOutcome& outcome);
TuneOutcome tune_outcome_from_json(const Json& json);

// Throws UsageError if not even the smallest batch that the product rule allows fits the memory.
TuneOutcome tune(const TuneInput& input, TrialRunner& runner, const TuneCallbacks& callbacks);

}  // namespace tlaunch
