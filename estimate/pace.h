// What was measured of a job before it runs: one rehearsal, a trial of the plan's settings with the loader at work.
// costs_from_rehearsal() (estimate/costs.h) makes the costs of a run of it. Pure. Seconds, bytes.
#pragma once

#include <cstdint>
#include <optional>

#include "base/json.h"
#include "contract/trial.h"
#include "estimate/step_time.h"

namespace tlaunch {

struct Pace {
  TimeRange step;                                          // of one optimizer step of the run, all its micro-batches
  double wait_share = 0;                                   // of it spent waiting for batches, 0 to 1
  double start_s = 0;                                      // until the processes are ready; 0: not known
  double build_s = 0;                                      // from there to the pace above: model, first steps
  double evaluation_fixed_s = 0, evaluation_sample_s = 0;  // an evaluation: the first, and the second for each sample
  double detection_s = 0;                                  // at the end of a run
  double save_copy_s = 0;                                  // of a save, what the training thread copies itself
  std::uint64_t save_bytes = 0;                            // a checkpoint
  double trial_s = 0;                                      // what this trial took once the processes were there
  JobFacts facts;
};

// Steps for about `seconds`, in visits, and an evaluation for a quarter of that. `step_s`: what a step is known to
// take; of long ones there are fewer visits.
TrialSpec rehearsal(const TrialSettings& settings, double seconds, std::optional<double> step_s = {});

// Nothing if the trial failed or timed no steps. `accumulation`: the run's; the trial may have had less of it.
std::optional<Pace> pace_of(const TrialSpec& spec, const TrialResult& result, std::int64_t accumulation);

// With steps `ratio` times as fast.
Pace faster(Pace pace, double ratio);

Json to_json(const Pace& pace);
// Throws DataError if `json` is not what to_json() wrote.
Pace pace_from_json(const Json& json);

}  // namespace tlaunch
