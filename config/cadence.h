// How often a run evaluates and saves, in optimizer steps. Pure.
#pragma once

#include <cstdint>

#include "config/run_config.h"

namespace tlaunch {

// Thousands of samples, rounded up to whole steps; at least one.
std::int64_t steps_of_kimg(double kimg, std::int64_t effective_batch);

std::int64_t steps_per_evaluation(const EvalConfig& eval, std::int64_t steps_per_epoch, std::int64_t effective_batch);

// Whether every_n_steps is left to the plan.
bool save_interval_is_open(const CheckpointConfig& checkpoint);

// 0 where the clock decides (every_minutes).
std::int64_t steps_per_checkpoint(const CheckpointConfig& checkpoint, std::int64_t steps_per_epoch,
                                  std::int64_t effective_batch);

// Times something happens in a run of `total` steps after `step`: every `every` steps (0: not known), and at the end in
// any case.
std::int64_t times_left(std::int64_t total, std::int64_t step, std::int64_t every);

// The same where the clock decides: every `minutes` of the `seconds` that the `steps` still to come take, and at the
// end.
std::int64_t times_left_by_clock(std::int64_t steps, double seconds, double minutes);

}  // namespace tlaunch
