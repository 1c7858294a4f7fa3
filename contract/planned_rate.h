// The learning rate of a plan that also decides the effective batch. Pure.
#pragma once

#include "config/run_config.h"
#include "contract/plan.h"

namespace tlaunch {

// Scales the plan's learning_rate to its effective_batch_size, with the same origin, by the rule for the rate and the
// optimizer of `asked`. Does nothing if `asked` fixes the effective batch: then the user's rate stays.
void scale_learning_rate(Plan& plan, const TrainConfig& asked);

}  // namespace tlaunch
