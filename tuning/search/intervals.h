// The last stage of tune(): the intervals of logging and saving, from costs that the trials measured on the side.
#pragma once

#include "tuning/search/lab.h"
#include "tuning/search/verify.h"

namespace tlaunch {

// The verified plan with the intervals that are open. Those of logged steps and of readings of the GPU's figures follow
// from the cost of one; that of saves follows from the measured cost of a save. Without the run's pace all of them keep
// the prior's values.
Plan choose_intervals(const Lab& lab, const Verified& verified);

}  // namespace tlaunch
