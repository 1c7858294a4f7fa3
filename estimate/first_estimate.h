// What this session will take in all, told once from its first steps, before an evaluation or a checkpoint has been
// seen. Seconds. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "core/run_config.h"
#include "estimate/eta.h"
#include "estimate/time_estimate.h"

namespace tlaunch {

// The whole session, from its first step to its last, or what is left of it.
struct SessionWork {
  std::int64_t steps = 0, evaluations = 0, checkpoints = 0;
  std::int64_t samples_per_step = 0;    // the effective batch
  std::int64_t samples_val = 0;         // of one evaluation; 0: unknown, then it costs nothing until seen
  std::uint64_t checkpoint_bytes = 0;   // of one
  bool async_saves = true;              // checkpoint.async
  std::int64_t detection_sessions = 0;  // that the detection at the end looks at
};

// Start-up already spent + all steps at the measured step time + evaluations + checkpoints. Nothing before `seen` knows
// the rate. What `seen` has already measured of evaluations and checkpoints is taken instead of the predictions below.
std::optional<TimeEstimate> first_estimate(const EtaEstimator& seen, const SessionWork& work);

// The same for what is left: the work with what each of its kind is expected to cost.
RemainingWork with_expected_costs(const SessionWork& work, double step_time_s);

// What one evaluation and one save are expected to keep training waiting, the last
// save's being waited for at the end shared among all.
double predicted_evaluation_s(std::int64_t samples_val, std::int64_t samples_per_step, double step_time_s);
double predicted_save_stall_s(const SessionWork& work, double step_time_s);
// Until a checkpoint of this size is durable.
double predicted_checkpoint_s(std::uint64_t bytes);

// Size of a checkpoint: the parameters and the optimizer's own state of each, in the model's type.
std::uint64_t predicted_checkpoint_bytes(std::int64_t parameters, const RunConfig& config);

}  // namespace tlaunch
