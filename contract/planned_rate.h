// The learning rate of a plan that decides the effective batch too. Pure.
#pragma once

#include "config/run_config.h"
#include "contract/plan.h"

namespace tlaunch {

// Makes the plan's learning_rate follow its effective_batch_size, with the same origin, by the rule for the rate and
// the optimizer of `asked`. Nothing where `asked` fixes the effective batch: then the rate is the user's own.
void scale_learning_rate(Plan& plan, const TrainConfig& asked);

}  // namespace tlaunch
