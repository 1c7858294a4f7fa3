// The stage of tune() that chooses the micro-batch by its pace.
#pragma once

#include "tuning/search/draft.h"
#include "tuning/search/lab.h"
#include "tuning/search/memory_model.h"

namespace tlaunch {

struct BatchChoice {
  Draft draft;
  MemoryModel memory;        // with what the trials showed about it
  double samples_per_s = 0;  // over all ranks; 0: not measured
};

// Times whole optimizer steps of the batches that fit, and chooses the smallest within 3 % of the best pace.
BatchChoice choose_batch(Lab& lab, const Draft& draft, const MemoryModel& memory);

}  // namespace tlaunch
