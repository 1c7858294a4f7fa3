// Intervals at which a run evaluates and saves, in optimizer steps. Pure.
#pragma once

#include <cstdint>

#include "config/run_config.h"

namespace tlaunch {

// Optimizer steps of `kimg` thousand samples, rounded up; at least one.
std::int64_t steps_of_kimg(double kimg, std::int64_t effective_batch);

std::int64_t steps_per_evaluation(const EvalConfig& eval, std::int64_t steps_per_epoch, std::int64_t effective_batch);

// Whether no interval of saves is set, so that the plan chooses every_n_steps.
bool save_interval_is_open(const CheckpointConfig& checkpoint);

// 0: the interval is in minutes (every_minutes).
std::int64_t steps_per_checkpoint(const CheckpointConfig& checkpoint, std::int64_t steps_per_epoch,
                                  std::int64_t effective_batch);

// How many times something still happens after `step` in a run of `total` steps: every `every` steps (0: unknown), and
// at the end in any case.
std::int64_t times_left(std::int64_t total, std::int64_t step, std::int64_t every);

// The same for an interval in minutes: every `minutes` of the `seconds` that the remaining `steps` take, and at the
// end.
std::int64_t times_left_by_clock(std::int64_t steps, double seconds, double minutes);

}  // namespace tlaunch
