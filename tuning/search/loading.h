// The stage of tune() that chooses how the loader keeps up with the step.
#pragma once

#include "tuning/search/batch.h"
#include "tuning/search/draft.h"
#include "tuning/search/lab.h"

namespace tlaunch {

struct LoadingChoice {
  Draft draft;
  double samples_per_s = 0;  // over all ranks, with the waits for the loader; 0: not measured
};

// Loader threads, as many as the step needs by the time a batch takes; then the step's wait for them is measured, and
// more are tried where it is long. Beside that loader, on a GPU: page-locked memory.
LoadingChoice choose_loading(Lab& lab, const BatchChoice& batch);

}  // namespace tlaunch
