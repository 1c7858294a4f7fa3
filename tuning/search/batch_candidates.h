// The micro-batches that the product rule allows, and the choice among them by measured pace. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/batch.h"
#include "config/run_config.h"

namespace tlaunch {

// For an effective batch that is known. Ascending by micro-batch. Only multiples of 4 if there are any, unless
// `memory_forces`. Keeps the values that the user fixed. Throws UsageError if the product rule cannot hold.
std::vector<BatchSplit> batch_candidates(const TrainConfig& train, std::int64_t world_size, bool memory_forces = false);

// The limits of an effective batch that is auto. At least 32 samples: below that, the update and the sum over ranks
// cost more than the batch, and the scaling rules are not known to hold. At most 4096, about where those rules were
// seen to break down, and at most a 16th of the training samples (but 32, or all if there are fewer), so that an epoch
// keeps enough steps. `train_samples` 0: unknown.
inline constexpr std::int64_t least_effective_batch = 32;
std::int64_t most_effective_batch(std::int64_t train_samples);

// Micro-batches around `prior`'s, each half or twice its neighbour, and each with an effective batch of its own. The
// accumulation is `accumulation` if the user fixed it, else 1, or the least that makes 32 samples. Ascending, at least
// one. Multiples of 4 within the limits above, or the nearest one if none is within them; `memory_forces`: also smaller
// ones.
std::vector<BatchSplit> open_batch_candidates(const BatchSplit& prior, std::optional<std::int64_t> accumulation,
                                              std::int64_t train_samples, bool memory_forces = false);

// For a plan's reasons: "64 x 2 x 2 ranks = 256".
std::string product(const BatchSplit& split);

struct BatchPace {
  BatchSplit split;
  double samples_per_s = 0;  // 0: it failed
};

// The smallest micro-batch within 3 % of the best pace; nullptr if none ran.
const BatchPace* smallest_within_3_percent(const std::vector<BatchPace>& paces);

}  // namespace tlaunch
