// The first stage of tune(): peak memory as a line in the micro-batch, and the pace of the current batch.
#pragma once

#include "tuning/search/draft.h"
#include "tuning/search/lab.h"
#include "tuning/search/memory_model.h"

namespace tlaunch {

// until_known: whatever it takes, because the check of the plan has failed.
enum class Effort { within_budget, until_known };

struct Measured {
  Draft draft;
  MemoryModel memory;
};

// Before any trial: the prior's plan, and the batches that may be chosen.
Measured nothing_measured(const Lab& lab);

// Measures peak memory at two small batches and fits the line through them; then the pace of the draft's batch, or of
// the largest batch below it that fits by that line. Breaks off without a pace if the time is up. Throws UsageError if
// no batch that may be chosen fits.
Measured measure_memory(Lab& lab, Measured before, Effort effort = Effort::within_budget);

struct LineTrials {
  Measured measured;
  TrialResult last;  // of its trials; there is at least one
};
// Only the line, in the draft's mode.
LineTrials measure_line(Lab& lab, Measured before, Effort effort = Effort::within_budget);

// One trial of these settings with all that a run keeps in memory.
TrialResult measure_peak(Lab& lab, const TrialSettings& settings);

// Throws UsageError: no micro-batch fits, with the memory that there is and the memory that is needed.
[[noreturn]] void refuse(const Lab& lab, const MemoryModel& memory);

}  // namespace tlaunch
