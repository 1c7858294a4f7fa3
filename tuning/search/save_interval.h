// The interval of saves, if the config leaves it to tuning. Seconds. Pure.
#pragma once

#include <cstdint>

namespace tlaunch {

// The time between saves if each save costs the run `save_s`. By Young's formula (A first order approximation to the
// optimum checkpoint interval, CACM 17(9), 1974), sqrt(2 * cost * time between failures) loses the least time to saves
// and to repeated work together. Assumes one failure per day. Saves never take more than 1 % of the time.
double save_interval_s(double save_s);

// The same in whole steps, rounded up to 1, 2 or 5 times a power of ten.
std::int64_t save_interval_steps(double save_s, double step_time_s);

}  // namespace tlaunch
