#include "core/cadence.h"

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

std::int64_t steps_per_checkpoint(const CheckpointConfig& checkpoint, std::int64_t steps_per_epoch,
                                  std::int64_t effective_batch) {
  if (checkpoint.every_minutes) return 0;
  if (checkpoint.every_n_steps) return *checkpoint.every_n_steps;
  if (checkpoint.every_n_kimg) return steps_of_kimg(*checkpoint.every_n_kimg, effective_batch);
  return checkpoint.every_n_epochs.value() * steps_per_epoch;
}

}  // namespace tlaunch
