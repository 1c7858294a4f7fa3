// What the estimate room must know of a job. Pure.
#pragma once

#include "estimate/config_estimate.h"
#include "launcher/job/job.h"

namespace tlaunch {

// `tuning_s`: what tuning took, or will take. `done_steps`: of a run that is resumed. `calibration`: of `pace`.
EstimateInput estimate_input(const Job& job, const Pace& pace, double tuning_s, std::int64_t done_steps,
                             const Calibration& calibration);

}  // namespace tlaunch
