// The plan of a run that is resumed.
#pragma once

#include <optional>

#include "contract/plan.h"
#include "launcher/job/job.h"
#include "launcher/run/resume.h"

namespace tlaunch {

// A run that is resumed keeps its own plan, where that was made for as many ranks: settings that change in mid-run
// change its numbers. They stand in the checkpoint; plan.json, where it can be read (else a note), has the rest. Where
// the micro-batch or the accumulation is fixed anew, the same effective batch is shared anew. A precision that the
// cards here do not have gives way, with a note. Nothing where there is none to keep, or it was made for the other kind
// of device.
std::optional<Plan> own_plan(const Job& job, RunPlace& place);

// Where a resumed run has no plan to keep (another number of ranks, a CPU in place of GPUs), its checkpoint still says
// the effective batch, which the order of samples hangs on: where the config leaves that to auto the job gets it, and a
// plan with the learning rate for it. Throws DataError.
Job with_its_effective_batch(Job job, const RunPlace& place);

}  // namespace tlaunch
