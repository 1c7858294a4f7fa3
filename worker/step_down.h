// Training with less memory: which rank ran out in which phase, and the split of the effective batch to try next.
#pragma once

#include <optional>

#include "config/batch.h"
#include "worker/run_phase.h"

namespace tlaunch {

struct MemoryShortage {
  int rank = 0;                        // the lowest rank that ran out
  RunPhase phase = RunPhase::forward;  // includes making the batch
};

// Halves the micro-batch, or takes the next smaller one that divides a rank's share, and accumulates more in
// proportion, so that the effective batch stays. Empty if the micro-batch is 1. Pure.
std::optional<BatchSplit> stepped_down(const BatchSplit& split);

}  // namespace tlaunch
