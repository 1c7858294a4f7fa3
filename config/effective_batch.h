// For train.effective_batch_size=auto. train.learning_rate is then the rate for an effective batch of
// reference_effective_batch samples, and another batch scales it by one of two rules:
// - sgd: the linear rule, x batch / reference (Goyal et al. 2017, arXiv:1706.02677);
// - adam, adamw: the square-root rule, x sqrt(batch / reference) (Malladi et al. 2022, arXiv:2205.10287).
// Pure functions.
#pragma once

#include <cstdint>

#include "config/run_config.h"

namespace tlaunch {

// The reference, or the closest number to it that `world_size` ranks can share with the micro-batch and accumulation
// that the user fixed. A micro-batch that is auto counts as a multiple of 4. At most `train_samples` (0: unknown) if
// the ranks can share so few. Throws UsageError if the fixed settings make a batch above largest_batch.
std::int64_t closest_effective_batch(const TrainConfig& train, std::int64_t world_size, std::int64_t train_samples = 0);

struct ScaledRate {
  double learning_rate = 0;  // unchanged for the reference; else rounded to 6 digits, as a person would write it
  const char* rule = "";     // "linear rule" or "square-root rule"
};
ScaledRate scaled_learning_rate(const TrainConfig& train, std::int64_t effective_batch);

}  // namespace tlaunch
