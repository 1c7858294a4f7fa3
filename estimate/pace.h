// What a job's parts cost, measured before it runs: one rehearsal trial of the plan's settings, with the loader at
// work. Pure. Seconds.
#pragma once

#include <cstdint>
#include <optional>

#include "core/json.h"
#include "core/trial.h"
#include "estimate/step_time.h"

namespace tlaunch {

struct Pace {
  TimeRange step;         // of one optimizer step of the run, all its micro-batches
  double wait_share = 0;  // of it, waiting for batches
  double start_s = 0;     // until the processes are ready; 0: not known
  double build_s = 0;     // from there to the pace above: model, first steps
  double evaluation_fixed_s = 0, evaluation_sample_s = 0, detection_s = 0;
  double save_copy_s = 0;
  std::uint64_t save_bytes = 0;
  double trial_s = 0;  // what this trial took once the processes were there
  JobFacts facts;
};

// Steps for about `seconds`, in visits, and an evaluation for a quarter of that. `step_s`: what a step is known to
// take; of long ones there are fewer visits.
TrialSpec rehearsal(const TrialSettings& settings, double seconds, std::optional<double> step_s = {});

// Nothing where the trial failed or timed no steps. `accumulation`: the run's, where the trial had less of it.
std::optional<Pace> pace_of(const TrialSpec& spec, const TrialResult& result, std::int64_t accumulation);

// With steps in so much less time.
Pace faster(Pace pace, double ratio);

Json to_json(const Pace& pace);
// Throws DataError where it is none.
Pace pace_from_json(const Json& json);

}  // namespace tlaunch
