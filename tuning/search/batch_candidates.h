// The micro-batches that the product rule allows, and which of them to take by their measured pace. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "config/batch.h"
#include "config/run_config.h"

namespace tlaunch {

// For an effective batch that is known. Ascending by micro-batch; multiples of 4 alone where there are any, unless
// `memory_forces`. What the user fixed holds. Throws UsageError where the product rule cannot hold.
std::vector<BatchSplit> batch_candidates(const TrainConfig& train, std::int64_t world_size, bool memory_forces = false);

// Where the effective batch is auto it may be from 32 samples, below which the update and the sum over ranks cost more
// than the batch and the scaling rules are not known to hold, to 4096, about where those rules were seen to break down;
// and no more than a 16th of the training samples (but 32, or all where there are fewer), so that an epoch keeps its
// steps. `train_samples` 0: unknown.
inline constexpr std::int64_t least_effective_batch = 32;
std::int64_t most_effective_batch(std::int64_t train_samples);

// Micro-batches in steps of two around `prior`'s, each with an effective batch of its own: accumulation is
// `accumulation` where the user fixed it, else 1, or the least that makes 32 samples. Ascending, at least one.
// Multiples of 4 within the limits above, or the one next to them where none is; `memory_forces`: also smaller ones.
std::vector<BatchSplit> open_batch_candidates(const BatchSplit& prior, std::optional<std::int64_t> accumulation,
                                              std::int64_t train_samples, bool memory_forces = false);

struct BatchPace {
  BatchSplit split;
  double samples_per_s = 0;  // 0: it failed
};

// The smallest micro-batch within 3 % of the best pace; nullptr where none ran.
const BatchPace* smallest_within_3_percent(const std::vector<BatchPace>& paces);

}  // namespace tlaunch
