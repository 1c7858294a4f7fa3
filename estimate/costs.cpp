#include "estimate/costs.h"

#include <algorithm>

namespace tlaunch {
namespace {

// The backward pass costs about twice the forward pass (one product for the input's gradient, one for the weight's), so
// an evaluation, which is forward only, takes a third of a training step's time for as many samples.
constexpr double forward_share = 1.0 / 3;
// A plain disk's rate with fsync, and the fixed cost of two fsyncs and a rename.
constexpr double write_bytes_per_s = 200e6, save_fixed_s = 0.05;
// Copying into host memory, from there or from a GPU: half of the measured rate (59 MB in 5.8 ms).
constexpr double copy_bytes_per_s = 5e9;
// Sending the last events and shutting down the process group, measured.
constexpr double leave_s = 0.05;

double number(std::int64_t count) { return static_cast<double>(std::max<std::int64_t>(0, count)); }

int values_per_parameter(const TrainConfig& train) {
  if (train.optimizer == OptimizerKind::sgd) return train.momentum > 0 ? 2 : 1;
  return 3;  // Adam and AdamW: the parameter, its mean and its mean square
}

double forward_s(std::int64_t samples, std::int64_t samples_per_step, double step_time_s) {
  if (samples <= 0 || samples_per_step <= 0 || step_time_s <= 0) return 0;
  const double samples_per_s = static_cast<double>(samples_per_step) / step_time_s;
  return static_cast<double>(samples) / samples_per_s * forward_share;
}

// The wait for the last save, at the end of the run, is divided among all saves.
double guessed_save_stall_s(const SessionSizes& sizes, const Work& work, double step_time_s) {
  const double write_s = predicted_checkpoint_s(sizes.save_bytes);
  if (!sizes.async_saves || work.saves <= 0) return write_s;
  // A save waits while the previous one is still being written.
  const double saves = static_cast<double>(work.saves);
  const double interval_s = static_cast<double>(work.steps) * step_time_s / saves;
  const double wait_s = std::max(0.0, write_s - interval_s);
  return static_cast<double>(sizes.save_bytes) / copy_bytes_per_s + ((saves - 1) * wait_s + write_s) / saves;
}

double rehearsed_save_stall_s(const Pace& pace, const RunConfig& config, const Work& work) {
  const double write_s = predicted_checkpoint_s(pace.save_bytes);
  if (!config.checkpoint.async) return pace.save_copy_s + write_s;
  const double interval_s =
      static_cast<double>(work.steps) * pace.step.likely_s / static_cast<double>(std::max<std::int64_t>(1, work.saves));
  return pace.save_copy_s + std::max(0.0, write_s - interval_s);
}

}  // namespace

TimeEstimate estimate_time(const Work& work, const Costs& costs) {
  const TimeRange steps = costs.step * number(work.steps);
  std::map<std::string, TimeRange> parts = {{"start_up", exactly(std::max(0.0, costs.start_up_s))},
                                            {"steps", steps * (1 - costs.data_wait.value_or(0))},
                                            {"evaluation", costs.evaluation * number(work.evaluations)},
                                            {"checkpoints", costs.save_stall * number(work.saves)}};
  if (costs.data_wait) parts["data_wait"] = steps * *costs.data_wait;
  if (costs.finish_s > 0) parts["finish"] = exactly(costs.finish_s);
  TimeEstimate estimate;
  for (const auto& [part, time] : parts) estimate = with_part(estimate, part, time);
  return estimate;
}

Costs costs_from_rehearsal(const Pace& pace, const RunConfig& config, const Work& work) {
  const double last_write_s = work.saves > 0 ? predicted_checkpoint_s(pace.save_bytes) : 0;
  return {.step = pace.step,
          .data_wait = pace.wait_share,
          .evaluation =
              exactly(pace.evaluation_fixed_s + pace.evaluation_sample_s * static_cast<double>(pace.facts.val_samples)),
          .save_stall = exactly(rehearsed_save_stall_s(pace, config, work)),
          .start_up_s = pace.start_s + pace.build_s,
          .finish_s = pace.detection_s + last_write_s + leave_s,
          .save_bytes = pace.save_bytes};
}

std::optional<Costs> costs_of(const TimeEstimate& estimate, const Work& work) {
  if (work.steps <= 0) return std::nullopt;
  const auto one = [&](const char* part, std::int64_t count) {
    const auto found = estimate.parts.find(part);
    return found == estimate.parts.end() ? TimeRange{} : found->second / std::max(1.0, number(count));
  };
  Costs costs;
  costs.step = one("steps", work.steps) + one("data_wait", work.steps);
  costs.evaluation = guessed(one("evaluation", work.evaluations).likely_s);
  costs.save_stall = guessed(one("checkpoints", work.saves).likely_s);
  costs.finish_s = one("finish", 1).likely_s;
  return costs;
}

SessionSizes sizes_of(const StartEvent& start, const RunConfig& config) {
  return {.samples_per_step = start.effective_batch_size,
          .val_samples = start.val_samples,
          .detection_sessions = start.detection_sessions,
          .save_bytes = predicted_checkpoint_bytes(start.parameters, config),
          .async_saves = config.checkpoint.async};
}

Costs guessed_costs(const SessionSizes& sizes, const Work& work, const TimeRange& step) {
  Costs costs;
  costs.step = step;
  costs.evaluation = guessed(forward_s(sizes.val_samples, sizes.samples_per_step, step.likely_s));
  costs.save_stall = guessed(guessed_save_stall_s(sizes, work, step.likely_s));
  // Sessions repeat a few patterns, and the detection looks at each pattern once: about one sample per session.
  costs.finish_s = forward_s(sizes.detection_sessions, sizes.samples_per_step, step.likely_s);
  costs.save_bytes = sizes.save_bytes;
  return costs;
}

double predicted_checkpoint_s(std::uint64_t bytes) {
  return bytes == 0 ? 0 : save_fixed_s + static_cast<double>(bytes) / write_bytes_per_s;
}

std::uint64_t predicted_checkpoint_bytes(std::int64_t parameters, const RunConfig& config) {
  if (parameters <= 0) return 0;
  const std::uint64_t bytes_per_value = config.model.dtype == FloatType::float64 ? 8 : 4;
  return static_cast<std::uint64_t>(parameters) * bytes_per_value *
         static_cast<std::uint64_t>(values_per_parameter(config.train));
}

}  // namespace tlaunch
