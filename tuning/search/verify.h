// The stage of tune() that tries the plan as a whole before a run uses it.
#pragma once

#include <optional>

#include "estimate/pace.h"
#include "tuning/search/draft.h"
#include "tuning/search/lab.h"
#include "tuning/search/loading.h"
#include "tuning/search/memory_model.h"

namespace tlaunch {

struct Verified {
  Draft draft;
  MemoryModel memory;                     // of the draft's mode; its prediction is of the draft's batch
  double samples_per_s = 0;               // over all ranks; 0: not measured
  std::uint64_t measured_peak_bytes = 0;  // of one rank; 0: not measured
  std::optional<Pace> pace;               // of the run, rehearsed by the same trial
};

// Makes one trial of the plan with everything that a run keeps in memory, and steps down to smaller batches until one
// fits. If there is time, the same trial rehearses the run; the run's estimate comes from that. Throws UsageError if no
// batch fits.
Verified verify(Lab& lab, const LoadingChoice& chosen, const MemoryModel& memory);

}  // namespace tlaunch
