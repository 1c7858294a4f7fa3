// Whether what was measured can be believed: a plan that was chosen beside other work is used for the run that asked
// for it and kept nowhere. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contract/trial.h"
#include "hardware/cpu_load.h"

namespace tlaunch {

// How far equal measurements are apart: of each candidate that was timed at least four times the distance between its
// quartiles over its median, of all of them the median. 0 where nothing was.
double spread_of(const std::vector<TrialResult>& trials);

// "" for a quiet machine. Otherwise what was seen, for a line: "other work took 34 % of the cores' time, and equal
// measurements are 41 % apart".
std::string disturbance(const std::optional<CpuLoad>& load, double spread);

}  // namespace tlaunch
