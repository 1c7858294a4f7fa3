// train.effective_batch_size: auto. train.learning_rate as written is then for an effective batch of
// reference_effective_batch samples, and another batch changes it by a rule with a name:
// - sgd: the linear rule, x batch / reference (Goyal et al. 2017, arXiv:1706.02677);
// - adam, adamw: the square-root rule, x sqrt(batch / reference) (Malladi et al. 2022, arXiv:2205.10287).
// Pure functions.
#pragma once

#include <cstdint>

#include "config/run_config.h"

namespace tlaunch {

// The reference, or the closest number to it that `world_size` ranks can share: over what the user fixed of micro-batch
// and accumulation; a micro-batch that is open is taken as a multiple of 4. No more than `train_samples` (0: not
// known), as far as that can be shared. Throws UsageError where what was fixed makes a batch beyond all bounds.
std::int64_t closest_effective_batch(const TrainConfig& train, std::int64_t world_size, std::int64_t train_samples = 0);

struct ScaledRate {
  double learning_rate = 0;  // as written for the reference; else rounded to 6 digits, as a person would write it
  const char* rule = "";     // "linear rule" or "square-root rule"
};
ScaledRate scaled_learning_rate(const TrainConfig& train, std::int64_t effective_batch);

}  // namespace tlaunch
