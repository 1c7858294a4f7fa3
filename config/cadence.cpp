#include "config/cadence.h"

#include <algorithm>
#include <cmath>

namespace tlaunch {

std::int64_t steps_of_kimg(double kimg, std::int64_t effective_batch) {
  return std::max<std::int64_t>(1, std::llround(std::ceil(kimg * 1000 / static_cast<double>(effective_batch))));
}

std::int64_t steps_per_evaluation(const EvalConfig& eval, std::int64_t steps_per_epoch, std::int64_t effective_batch) {
  if (eval.every_n_steps) return *eval.every_n_steps;
  if (eval.every_n_kimg) return steps_of_kimg(*eval.every_n_kimg, effective_batch);
  return eval.every_n_epochs.value() * steps_per_epoch;
}

bool save_interval_is_open(const CheckpointConfig& checkpoint) {
  return !checkpoint.every_n_epochs && !checkpoint.every_n_steps && !checkpoint.every_n_kimg &&
         !checkpoint.every_minutes;
}

std::int64_t steps_per_checkpoint(const CheckpointConfig& checkpoint, std::int64_t steps_per_epoch,
                                  std::int64_t effective_batch) {
  if (checkpoint.every_minutes) return 0;
  if (checkpoint.every_n_steps) return *checkpoint.every_n_steps;
  if (checkpoint.every_n_kimg) return steps_of_kimg(*checkpoint.every_n_kimg, effective_batch);
  return checkpoint.every_n_epochs.value() * steps_per_epoch;
}

std::int64_t times_left(std::int64_t total, std::int64_t step, std::int64_t every) {
  if (step >= total) return 0;
  if (every <= 0) return 1;
  return total / every - step / every + (total % every != 0 ? 1 : 0);
}

std::int64_t times_left_by_clock(std::int64_t steps, double seconds, double minutes) {
  if (steps <= 0) return 0;
  const double times = 1 + std::floor(std::max(0.0, seconds) / (60 * minutes));
  return static_cast<std::int64_t>(std::min(times, static_cast<double>(steps)));
}

}  // namespace tlaunch
