// The stage of tune() that chooses the micro-batch by its pace.
#pragma once

#include "tuning/search/draft.h"
#include "tuning/search/lab.h"
#include "tuning/search/memory_model.h"

namespace tlaunch {

struct BatchChoice {
  Draft draft;
  MemoryModel memory;        // with what the trials showed of it
  double samples_per_s = 0;  // over all ranks; 0: not measured
};

// Whole optimizer steps over the batches that fit; the smallest within 3 % of the best is chosen.
BatchChoice choose_batch(Lab& lab, const Draft& draft, const MemoryModel& memory);

}  // namespace tlaunch
