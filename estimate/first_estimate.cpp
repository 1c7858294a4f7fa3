#include "estimate/first_estimate.h"

#include <algorithm>

namespace tlaunch {
namespace {

// The backward pass costs about twice the forward pass (one product for the input's gradient, one for the weight's), so
// an evaluation, which is forward only, takes a third of a training step's time for as many samples.
constexpr double forward_share = 1.0 / 3;
// A plain disk's rate with fsync, and the fixed cost of two fsyncs and a rename.
constexpr double write_bytes_per_s = 200e6, save_fixed_s = 0.05;
// Into host memory, from there or from a GPU: half of what was measured (59 MB in 5.8 ms).
constexpr double copy_bytes_per_s = 5e9;

int values_per_parameter(const TrainConfig& train) {
  if (train.optimizer == OptimizerKind::sgd) return train.momentum > 0 ? 2 : 1;
  return 3;  // Adam and AdamW: the parameter, its mean and its mean square
}

}  // namespace

double predicted_evaluation_s(std::int64_t samples_val, std::int64_t samples_per_step, double step_time_s) {
  if (samples_val <= 0 || samples_per_step <= 0 || step_time_s <= 0) return 0;
  const double samples_per_s = static_cast<double>(samples_per_step) / step_time_s;
  return static_cast<double>(samples_val) / samples_per_s * forward_share;
}

double predicted_checkpoint_s(std::uint64_t bytes) {
  return bytes == 0 ? 0 : save_fixed_s + static_cast<double>(bytes) / write_bytes_per_s;
}

double predicted_save_stall_s(const SessionWork& work, double step_time_s) {
  const double write_s = predicted_checkpoint_s(work.checkpoint_bytes);
  if (!work.async_saves || work.checkpoints <= 0) return write_s;
  // A save waits where the one before it is still being written.
  const double saves = static_cast<double>(work.checkpoints);
  const double interval_s = static_cast<double>(work.steps) * step_time_s / saves;
  const double wait_s = std::max(0.0, write_s - interval_s);
  return static_cast<double>(work.checkpoint_bytes) / copy_bytes_per_s + ((saves - 1) * wait_s + write_s) / saves;
}

std::uint64_t predicted_checkpoint_bytes(std::int64_t parameters, const RunConfig& config) {
  if (parameters <= 0) return 0;
  const std::uint64_t bytes_per_value = config.model.dtype == FloatType::float64 ? 8 : 4;
  return static_cast<std::uint64_t>(parameters) * bytes_per_value *
         static_cast<std::uint64_t>(values_per_parameter(config.train));
}

RemainingWork with_expected_costs(const SessionWork& work, double step_time_s) {
  return {work.steps, work.evaluations, work.checkpoints,
          predicted_evaluation_s(work.samples_val, work.samples_per_step, step_time_s),
          predicted_save_stall_s(work, step_time_s),
          // Sessions repeat few patterns, each of which is looked at once: about one sample each.
          predicted_evaluation_s(work.detection_sessions, work.samples_per_step, step_time_s)};
}

std::optional<TimeEstimate> first_estimate(const EtaEstimator& seen, const SessionWork& work) {
  const auto step_time_s = seen.step_time_s();
  if (!step_time_s) return std::nullopt;
  return with_part(*seen.remaining(with_expected_costs(work, *step_time_s)), "start_up", seen.start_up_s());
}

}  // namespace tlaunch
