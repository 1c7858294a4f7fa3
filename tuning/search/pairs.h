// Settings compared in pairs: each alternative against the settings in hand, timed in turn (paired_test.h), Holm's rule
// over all of them. Shared by the stages that choose switches, threads and page-locked memory.
#pragma once

#include <vector>

#include "config/batch.h"
#include "tuning/search/alternatives.h"
#include "tuning/search/draft.h"
#include "tuning/search/lab.h"

namespace tlaunch {

struct PairsResult {
  Draft draft;         // with the winners; the reasons say how the others lost, or why they were not measured
  double speedup = 1;  // of a step: what all winners gained together
};

// `candidates`: batches at which long steps may be compared instead of the draft's. `with_loader`: as TrialSpec's.
PairsResult compare_in_pairs(Lab& lab, Draft draft, const std::vector<BatchSplit>& candidates,
                             const std::vector<Alternative>& offered, bool with_loader);

}  // namespace tlaunch
