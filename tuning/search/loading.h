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

// Chooses as many loader threads as the step needs, by the time that making a batch takes. Then measures how long a
// step waits for the loader, and tries more threads or prefetch if the wait is long. On a GPU also page-locked memory,
// beside that loader.
LoadingChoice choose_loading(Lab& lab, const BatchChoice& batch);

}  // namespace tlaunch
