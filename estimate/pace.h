// The measurements of a job before it runs: one rehearsal, which is a trial of the plan's settings with the data loader
// running. costs_from_rehearsal() (estimate/costs.h) computes the costs of a run from them. Pure. Seconds, bytes.
#pragma once

#include <cstdint>
#include <optional>

#include "base/json.h"
#include "contract/trial.h"
#include "estimate/step_time.h"

namespace tlaunch {

struct Pace {
  TimeRange step;                                          // one optimizer step of the run, with all its micro-batches
  double wait_share = 0;                                   // share of `step` spent waiting for batches, 0 to 1
  double start_s = 0;                                      // until the processes are ready; 0: unknown
  double build_s = 0;                                      // from then until steps run at this pace: model, first steps
  double evaluation_fixed_s = 0, evaluation_sample_s = 0;  // per evaluation, plus per sample of it
  double detection_s = 0;                                  // at the end of a run
  double save_copy_s = 0;                                  // per save: copying by the training thread
  std::uint64_t save_bytes = 0;                            // size of a checkpoint
  double trial_s = 0;                                      // duration of this trial once the processes were ready
  JobFacts facts;
};

// A trial of steps for about `seconds`, in several visits, and of an evaluation for a quarter of that. `step_s`: the
// known time of a step; if steps are long there are fewer visits.
TrialSpec rehearsal(const TrialSettings& settings, double seconds, std::optional<double> step_s = {});

// Nothing if the trial failed or timed no steps. `accumulation`: the run's; the trial's may have been smaller.
std::optional<Pace> pace_of(const TrialSpec& spec, const TrialResult& result, std::int64_t accumulation);

// The same pace with steps `ratio` times as fast.
Pace faster(Pace pace, double ratio);

Json to_json(const Pace& pace);
// Throws DataError if `json` is not what to_json() wrote.
Pace pace_from_json(const Json& json);

}  // namespace tlaunch
