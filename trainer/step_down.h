// Going on with less memory: what ran out where, and the split of the effective batch that is tried next.
#pragma once

#include <optional>

#include "core/batch.h"

namespace tlaunch {

// Of a step: forward: making the batch and the pass up to the loss; optimizer: clipping and the update. The others come
// between steps.
enum class RunPhase { forward, backward, optimizer, evaluation, detection, save };
const char* to_string(RunPhase);

struct MemoryShortage {
  int rank = 0;  // the lowest of those that ran out
  RunPhase phase = RunPhase::forward;
};

// Half the micro-batch, or the next smaller one that divides a rank's share, and as much more accumulation: the
// effective batch stays. Nothing where the micro-batch is 1. Pure.
std::optional<BatchSplit> stepped_down(const BatchSplit& split);

}  // namespace tlaunch
