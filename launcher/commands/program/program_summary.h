// summary.json of a plain program, in the folder of its logs: the fields of a run's summary that apply to any program.
#pragma once

#include <string>

#include "base/json.h"
#include "processes/group/supervise.h"

namespace tlaunch {

// {status: completed | failed | interrupted, exit_code, wall_s, logs, reason (if not completed: the failure's cause, a
// signal, max_time), failure: {...}}; failure as in failure.h. Its message is what the rank recorded, else the last
// line of its output, or what is known about a hang. Pure.
Json program_summary(const GroupResult& result, double wall_s, const std::string& log_folder);

// Whether `path` is free or holds a plain program's summary. A file that a run or the program itself wrote may not be
// replaced.
bool may_replace_summary(const std::string& path);

}  // namespace tlaunch
