// Chooses by measurement what the user left open: micro-batch and accumulation, precision, kernels and layout, loading,
// and the intervals of logging and saving. Starts from the prior's plan, asks a TrialRunner for one measurement after
// the other, and stops when the budget is used up; what was not reached keeps the prior's value. Never touches what the
// user fixed.
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
  double samples_per_s = 0;  // with the plan, over all ranks; 0: not measured
  std::optional<Pace> pace;  // of the plan's settings
  int trials = 0;
  double seconds = 0;
  bool interrupted = false, cached = false;
  bool unfinished = false;         // for want of time, or in so short a run, some of it was not measured
  std::string disturbed;           // tuning/disturbance.h: why this is not worth keeping; "": it is
  std::vector<std::string> notes;  // a line each, for people
};

// What a job asks of any card: measured here, for tuning/card_prediction.h. Throws UsageError where it cannot be.
struct Demand {
  MemoryLine line;
  std::int64_t parameters = 0;
};
Demand measure_demand(const TuneInput& input, TrialRunner& runner, const TuneCallbacks& callbacks);

// What the cache of plans keeps, and back (DataError where it is none).
Json to_json(const TuneOutcome& outcome);
TuneOutcome tune_outcome_from_json(const Json& json);

// Throws UsageError where not even the smallest batch that the product rule allows fits the memory.
TuneOutcome tune(const TuneInput& input, TrialRunner& runner, const TuneCallbacks& callbacks);

}  // namespace tlaunch
