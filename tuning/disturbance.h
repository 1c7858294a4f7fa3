// Whether the measurements can be trusted. The run that asked for a plan uses it even if it was measured beside other
// work, but such a plan is not stored. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contract/trial.h"
#include "hardware/cpu_load.h"

namespace tlaunch {

// How far apart equal measurements are. For each candidate with at least four times, that is the distance between their
// quartiles over their median. Returns the median over all candidates, or 0 if there are none.
double spread_of(const std::vector<TrialResult>& trials);

// "" for a quiet machine. Otherwise a line that says what was seen: "other work took 34.0 % of the cores' time, and the
// times of equal steps differ by 41.0 %".
std::string disturbance(const std::optional<CpuLoad>& load, double spread);

}  // namespace tlaunch
