// summary.json of a plain program, in the folder that keeps its logs: the fields that any program has of a run's.
#pragma once

#include <string>

#include "base/json.h"
#include "processes/group/supervise.h"

namespace tlaunch {

// {status: completed | failed | interrupted, exit_code, wall_s, logs, reason (where it is not completed: the failure's
// cause, a signal, max_time), failure: {...}}; failure as in failure.h, its message the last line of output where the
// rank told nothing itself, or what is known of a hang. Pure.
Json program_summary(const GroupResult& result, double wall_s, const std::string& log_folder);

// Whether `path` is free, or holds a plain program's summary: what a run, or the program itself, has written there
// stays.
bool may_replace_summary(const std::string& path);

}  // namespace tlaunch
