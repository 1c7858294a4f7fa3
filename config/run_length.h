// The number of steps of a run, and its intervals of evaluations and saves. Pure.
#pragma once

#include <cstdint>

#include "config/run_config.h"

namespace tlaunch {

struct RunLength {
  std::int64_t steps_per_epoch = 0;
  std::int64_t total_steps = 0;  // from train.epochs, max_steps or kimg
  std::int64_t steps_per_evaluation = 0;
  std::int64_t steps_per_checkpoint = 0;  // 0: in minutes
};

// train.kimg is rounded up to whole steps.
RunLength run_length(const RunConfig& config, std::int64_t steps_per_epoch);

}  // namespace tlaunch
