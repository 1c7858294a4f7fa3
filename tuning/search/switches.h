// The stages of tune() that choose threads (on the CPU), precision, layout and kernels.
#pragma once

#include "tuning/search/draft.h"
#include "tuning/search/lab.h"
#include "tuning/search/memory.h"

namespace tlaunch {

// On the CPU, beside the loader of the prior's plan. First, because every later timing depends on the threads.
Draft choose_threads(Lab& lab, const Measured& measured);

// Precision, layout and kernels: each alternative against the current settings, in pairs. `draft` has the chosen
// threads.
Draft choose_switches(Lab& lab, const Draft& draft, const MemoryModel& memory);

}  // namespace tlaunch
