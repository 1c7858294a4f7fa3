// What one of each thing that a run does costs, from where that is known, and the time of a run that follows:
// estimate_time() of its work and its costs. Before a run the costs come from a rehearsal (or the estimate made of it),
// in a run without one from the model's and the data's sizes; while it runs they move to what was observed
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
  std::optional<double> data_wait = {};  // share of a step spent waiting for batches; none: not told apart
  TimeRange evaluation = {};             // of the whole validation set
  TimeRange save_stall = {};             // what a save keeps training waiting; the rest may be written beside it
  double start_up_s = 0;                 // until the steps have their pace; 0: behind us
  double finish_s = 0;           // after the last step, its evaluation and its save: detection, last write, leaving
  std::uint64_t save_bytes = 0;  // a checkpoint; 0: not known
};

// Parts: start_up, steps, data_wait where `costs` tells it apart, evaluation, checkpoints, finish where it takes any
// time. Never negative.
TimeEstimate estimate_time(const Work& work, const Costs& costs);

// As `pace` was measured. Ranges: a step's alone was seen to have one. `config`: no `auto` is left in it.
Costs costs_from_rehearsal(const Pace& pace, const RunConfig& config, const Work& work);

// The costs behind an estimate of `work`. What was measured once only (an evaluation, a save) counts as guessed().
// Nothing if no step is left.
std::optional<Costs> costs_of(const TimeEstimate& estimate, const Work& work);

// What the sizes of a session say before an evaluation or a save has been seen in it.
struct SessionSizes {
  std::int64_t samples_per_step = 0;    // the effective batch
  std::int64_t val_samples = 0;         // of one evaluation; 0: unknown, then it costs nothing until seen
  std::int64_t detection_sessions = 0;  // that the detection at the end looks at
  std::uint64_t save_bytes = 0;         // a checkpoint
  bool async_saves = true;              // checkpoint.async
};
SessionSizes sizes_of(const StartEvent& start, const RunConfig& config);

// `step`: what a step takes, as far as that is known.
Costs guessed_costs(const SessionSizes& sizes, const Work& work, const TimeRange& step);

// Until a checkpoint of this size is durable; 0 of 0 bytes.
double predicted_checkpoint_s(std::uint64_t bytes);

// Size of a checkpoint: the parameters and the optimizer's own state of each, in the model's type.
std::uint64_t predicted_checkpoint_bytes(std::int64_t parameters, const RunConfig& config);

}  // namespace tlaunch
