// The plan of a resumed run.
#pragma once

#include <optional>

#include "contract/plan.h"
#include "launcher/job/job.h"
#include "launcher/run/resume.h"

namespace tlaunch {

// A resumed run keeps its own plan if the plan was made for the same number of ranks, because settings that change
// during a run change its results. The settings are in the checkpoint; plan.json has the rest, or a note says that it
// cannot be read. If the config now fixes the micro-batch or the accumulation, the other one is adapted to the same
// effective batch. A precision that the cards here do not support is replaced, with a note. Returns nothing if there is
// no plan to keep, or if it was made for the other kind of device.
std::optional<Plan> own_plan(const Job& job, RunPlace& place);

// For a resumed run that has no plan to keep (another number of ranks, a CPU in place of GPUs). The order of samples
// depends on the effective batch, and the checkpoint has it: if the config leaves it to auto, the job gets the
// effective batch of the checkpoint and a plan with the learning rate for it. Throws DataError.
Job with_its_effective_batch(Job job, const RunPlace& place);

}  // namespace tlaunch
