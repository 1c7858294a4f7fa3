// The cost of each kind of work in a run (a step, an evaluation, a save, ...), and estimate_time(), which computes a
// run's time from its work and its costs. Before a run the costs come from a rehearsal (or the estimate made from it);
// without a rehearsal, from the sizes of model and data. During the run they move to the observed costs
// (estimate/cost_observer.h). Pure. Seconds, bytes.
#pragma once

#include <cstdint>
#include <optional>

#include "config/run_config.h"
#include "contract/events.h"
#include "estimate/pace.h"
#include "estimate/time_estimate.h"
#include "estimate/work.h"

namespace tlaunch {

struct Costs {
  TimeRange step = {};                   // an optimizer step, with all its micro-batches
  std::optional<double> data_wait = {};  // share of a step spent waiting for batches; none: not measured separately
  TimeRange evaluation = {};             // of the whole validation set
  TimeRange save_stall = {};             // how long training waits for a save; the rest may be written meanwhile
  double start_up_s = 0;                 // until the steps run at their pace; 0: it is over
  double finish_s = 0;           // after the last step, its evaluation and its save: detection, last write, exit
  std::uint64_t save_bytes = 0;  // size of a checkpoint; 0: unknown
};

// Parts: start_up, steps, data_wait if `costs` has it, evaluation, checkpoints, and finish if it takes any time. Never
// negative.
TimeEstimate estimate_time(const Work& work, const Costs& costs);

// The costs that the rehearsal measured. Only the step has a range. `config`: no `auto` is left in it.
Costs costs_from_rehearsal(const Pace& pace, const RunConfig& config, const Work& work);

// The costs behind an estimate of `work`. Costs that were measured only once (an evaluation, a save) count as
// guessed(). Nothing if no step is left.
std::optional<Costs> costs_of(const TimeEstimate& estimate, const Work& work);

// The sizes of a session, for guesses before an evaluation or a save was observed in it.
struct SessionSizes {
  std::int64_t samples_per_step = 0;  // the effective batch
  std::int64_t val_samples = 0;  // per evaluation; 0: unknown, then evaluations cost nothing until one was observed
  std::int64_t detection_sessions = 0;  // number that the detection at the end looks at
  std::uint64_t save_bytes = 0;         // size of a checkpoint
  bool async_saves = true;              // checkpoint.async
};
SessionSizes sizes_of(const StartEvent& start, const RunConfig& config);

// `step`: the time of a step, as far as it is known.
Costs guessed_costs(const SessionSizes& sizes, const Work& work, const TimeRange& step);

// The time until a checkpoint of this size is durable; 0 for 0 bytes.
double predicted_checkpoint_s(std::uint64_t bytes);

// Size of a checkpoint: the parameters and the optimizer's state per parameter, in the model's dtype.
std::uint64_t predicted_checkpoint_bytes(std::int64_t parameters, const RunConfig& config);

}  // namespace tlaunch
