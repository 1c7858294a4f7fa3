// The hang watch of a plain program. The only sign of life is output.
#pragma once

#include "processes/group/supervise.h"
#include "processes/group/time_limit.h"

namespace tlaunch {

// As run_group(), but ends a group whose ranks write nothing for `timeout_s` (SilenceWatch) with exit code 124. Reports
// on stderr what each rank was doing and, if there are logs, writes it to stacks_R.txt beside them: the state from
// /proc and, for Python, the stacks of the threads, by py-spy or else by the rank's own handler of SIGABRT
// (PYTHONFAULTHANDLER). The result names a rank if it is the only one that does not wait as the others do.
GroupResult run_watched(const GroupSpec& spec, double timeout_s, const TimeLimit& limit);

}  // namespace tlaunch
