// Learning rate by step. Pure.
#pragma once

#include <cstdint>

#include "config/run_config.h"

namespace tlaunch {

struct ScheduleSpan {
  std::int64_t total_steps = 0, steps_per_epoch = 0, warmup_steps = 0;
};

// The rate of optimizer step `step` (0-based): linear warm-up to learning_rate over warmup_steps, then cosine to 0, or
// multiplied by step_gamma every step_epochs epochs, or constant.
double learning_rate_at(const TrainConfig& train, const ScheduleSpan& span, std::int64_t step);
// train.warmup_steps, or if it is auto, 5 % of the run, at most 100 steps.
std::int64_t warmup_steps(const TrainConfig& train, std::int64_t total_steps);

}  // namespace tlaunch
