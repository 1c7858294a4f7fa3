// The groups of workers of a run, one after the other: if one fails, the next continues from the newest valid
// checkpoint.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "estimate/costs.h"
#include "launcher/job/job.h"
#include "launcher/job/worker_group.h"
#include "launcher/narration/event_log.h"
#include "launcher/narration/progress.h"
#include "launcher/run/run_end.h"
#include "launcher/run/run_folder.h"
#include "launcher/run/summary.h"

namespace tlaunch {

// `start`: for the first attempt, complete except for attempt number and log folder. `watch`: of `folder`, asked at
// each save. `expected`: the costs of an earlier estimate. `summary`: has began_s and the earlier estimate and time;
// gets the record of the last attempt, the time of all attempts, the first attempt's estimate if there was none, and
// the number of restarts. `on_start`: called when the ranks of an attempt begin to train. Throws IoError if no process
// can be started; `summary` is filled in that case as well.
GroupResult run_attempts(const Job& job, const RunFolder& folder, WorkerStart start, FolderWatch& watch,
                         const std::optional<Costs>& expected, EventLog& log, Progress& progress, RunSummary& summary,
                         const std::function<void()>& on_start);

}  // namespace tlaunch
