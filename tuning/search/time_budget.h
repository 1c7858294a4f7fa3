// How long tuning may take if the user gives no budget. Seconds. Pure.
#pragma once

namespace tlaunch {

// A run may be tuned for this long, however short it is.
inline constexpr double least_budget_s = 5, most_budget_s = 60;

// 10 % of a run of that length within the limits above; `thorough`: the most, whatever its length.
double tuning_budget_s(double run_s, bool thorough);

}  // namespace tlaunch
