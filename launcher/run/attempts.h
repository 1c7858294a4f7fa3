// A run's groups of workers, one after the other: if one fails, the next goes on from the newest valid checkpoint.
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

// `start`: the first attempt's, with all but its attempt number and log folder. `watch`: of `folder`, asked at each
// save. `expected`: of an estimate made before. `summary`: with its began_s, and what was estimated and spent before;
// filled with what the last attempt told, the time of all of them, the first one's estimate where there was none, and
// the number of restarts. `on_start`: called when the ranks of an attempt begin to train. Throws IoError where no process
// can be made; `summary` is filled then as well.
GroupResult run_attempts(const Job& job, const RunFolder& folder, WorkerStart start, FolderWatch& watch,
                         const std::optional<Costs>& expected, EventLog& log, Progress& progress, RunSummary& summary,
                         const std::function<void()>& on_start);

}  // namespace tlaunch
