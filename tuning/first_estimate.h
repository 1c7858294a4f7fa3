// What this session will take in all, told once from its first steps, before an evaluation or a checkpoint has been
// seen. Seconds. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "core/estimate.h"
#include "core/run_config.h"
#include "tuning/eta.h"

namespace tlaunch {

// The whole session, from its first step to its last.
struct SessionWork {
  std::int64_t steps = 0, evaluations = 0, checkpoints = 0;
  std::int64_t samples_per_step = 0;      // the effective batch
  std::int64_t samples_val = 0;           // of one evaluation; 0: unknown, then it costs nothing until seen
  std::uint64_t checkpoint_bytes = 0;     // of one
};

// Start-up already spent + all steps at the measured step time + evaluations + checkpoints. Nothing before `seen` knows
// the rate. What `seen` has already measured of evaluations and checkpoints is taken instead of the predictions below.
std::optional<TimeEstimate> first_estimate(const EtaEstimator& seen, const SessionWork& work);

// The same prediction for RemainingWork: what one evaluation and one checkpoint are expected to cost.
double predicted_evaluation_s(std::int64_t samples_val, std::int64_t samples_per_step, double step_time_s);
double predicted_checkpoint_s(std::uint64_t bytes);

// Size of a checkpoint: the parameters and the optimizer's own state of each, in the model's type.
std::uint64_t predicted_checkpoint_bytes(std::int64_t parameters, const RunConfig& config);

}  // namespace tlaunch
