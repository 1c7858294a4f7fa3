// Going on with less memory: what ran out where, and the split of the effective batch that is tried next.
#pragma once

#include <optional>

#include "config/batch.h"
#include "worker/run_phase.h"

namespace tlaunch {

struct MemoryShortage {
  int rank = 0;                        // the lowest of those that ran out
  RunPhase phase = RunPhase::forward;  // making the batch is part of it
};

// Half the micro-batch, or the next smaller one that divides a rank's share, and as much more accumulation: the
// effective batch stays. Nothing where the micro-batch is 1. Pure.
std::optional<BatchSplit> stepped_down(const BatchSplit& split);

}  // namespace tlaunch
