// The stage of tune() that tries the plan as a whole before a run takes it.
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

// One trial of the plan with all that a run keeps in memory; stepped down until it holds. The same trial rehearses the
// run, as long as there is time for: its estimate comes from that. Throws UsageError if no batch fits.
Verified verify(Lab& lab, const LoadingChoice& chosen, const MemoryModel& memory);

}  // namespace tlaunch
