// Compares settings in pairs: each alternative against the current settings, timed in turn (paired_test.h), with Holm's
// rule over all of them. Shared by the stages that choose switches, threads and page-locked memory.
#pragma once

#include <vector>

#include "config/batch.h"
#include "tuning/search/alternatives.h"
#include "tuning/search/draft.h"
#include "tuning/search/lab.h"

namespace tlaunch {

struct PairsResult {
  Draft draft;         // with the winners; the reasons say how the others lost, or why they were not measured
  double speedup = 1;  // of a step, by all winners together
};

// If the steps of the draft's batch are long, the comparison is made at a smaller one of `candidates`. `with_loader`:
// as in TrialSpec.
PairsResult compare_in_pairs(Lab& lab, Draft draft, const std::vector<BatchSplit>& candidates,
                             const std::vector<Alternative>& offered, bool with_loader);

}  // namespace tlaunch
