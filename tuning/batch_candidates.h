// The micro-batches that the product rule allows, and which of them to take by their measured pace. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "core/batch.h"
#include "core/run_config.h"

namespace tlaunch {

// Ascending by micro-batch; multiples of 4 alone where there are any, unless `memory_forces`. What the user fixed holds.
// Throws UsageError where the product rule cannot hold.
std::vector<BatchSplit> batch_candidates(const TrainConfig& train, std::int64_t world_size, bool memory_forces = false);

struct BatchPace {
  BatchSplit split;
  double samples_per_s = 0;  // 0: it failed
};

// The smallest micro-batch within 3 % of the best pace; nullptr where none ran.
const BatchPace* smallest_within_3_percent(const std::vector<BatchPace>& paces);

}  // namespace tlaunch
