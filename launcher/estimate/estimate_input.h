// The facts about a job that the estimate room needs. Pure.
#pragma once

#include "estimate/config_estimate.h"
#include "launcher/job/job.h"

namespace tlaunch {

// `tuning_s`: time that tuning took or will take. `done_steps`: of a resumed run. `calibration`: of `pace`.
EstimateInput estimate_input(const Job& job, const Pace& pace, double tuning_s, std::int64_t done_steps,
                             const Calibration& calibration);

}  // namespace tlaunch
