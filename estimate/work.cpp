#include "estimate/work.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "config/cadence.h"

namespace tlaunch {
namespace {

std::int64_t epochs_of(std::int64_t steps, std::int64_t steps_per_epoch) {
  return steps_per_epoch > 0 ? (steps + steps_per_epoch - 1) / steps_per_epoch : 0;
}

Work work_after(const StartEvent& start, std::int64_t step, std::int64_t evaluated_step, std::int64_t saved_step) {
  Work work;
  work.steps = std::max<std::int64_t>(start.total_steps - step, 0);
  work.evaluations = times_left(start.total_steps, evaluated_step, start.steps_per_evaluation);
  work.saves = times_left(start.total_steps, saved_step, start.steps_per_checkpoint);
  work.epochs = epochs_of(work.steps, start.steps_per_epoch);
  return work;
}

}  // namespace

RunLength length_of(const RunConfig& config, std::int64_t train_samples) {
  const std::int64_t effective_batch = config.train.effective_batch_size.value();
  const std::int64_t steps_per_epoch = train_samples / effective_batch;
  if (steps_per_epoch < 1)
    throw UsageError(format_text("train.effective_batch_size: {} is more than the {} training samples there are",
                                 effective_batch, train_samples));
  return run_length(config, steps_per_epoch);
}

Work work_of(const RunConfig& config, const RunLength& length, std::int64_t done_steps, double step_time_s) {
  Work work;
  const std::int64_t total = length.total_steps;
  work.steps = std::max<std::int64_t>(0, total - done_steps);
  work.evaluations = times_left(total, done_steps, length.steps_per_evaluation);
  const auto& minutes = config.checkpoint.every_minutes;
  work.saves = minutes ? times_left_by_clock(work.steps, static_cast<double>(work.steps) * step_time_s, *minutes)
                       : times_left(total, done_steps, length.steps_per_checkpoint);
  work.logged_steps = work.steps / config.log.log_interval.value();
  work.epochs = epochs_of(work.steps, length.steps_per_epoch);
  return work;
}

Work work_left(const StartEvent& start, std::int64_t step) { return work_after(start, step, step, step); }

Work work_left(const RunRecord& record) {
  return work_after(*record.start, std::max(record.step, record.evaluated_step), record.evaluated_step,
                    record.saved_step);
}

std::map<std::string, double> amounts_of(const Work& work) {
  const double steps = static_cast<double>(work.steps);
  return {{"start_up", 1},
          {"steps", steps},
          {"data_wait", steps},
          {"evaluation", static_cast<double>(work.evaluations)},
          {"checkpoints", static_cast<double>(work.saves)},
          {"finish", 1}};
}

}  // namespace tlaunch
