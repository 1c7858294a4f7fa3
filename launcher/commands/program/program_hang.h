// The hang watch of a plain program, of which nothing is known but whether it writes.
#pragma once

#include "processes/group/supervise.h"
#include "processes/group/time_limit.h"

namespace tlaunch {

// As run_group(), but a group whose ranks write nothing for `timeout_s` (SilenceWatch) is ended, exit code 124. What
// each rank was doing is told on stderr and, where there are logs, kept in stacks_R.txt beside them: its state from
// /proc, and where it runs Python the stacks of its threads, by py-spy or else by its own handler of SIGABRT
// (PYTHONFAULTHANDLER). The result names a rank where one alone does not wait as the others do.
GroupResult run_watched(const GroupSpec& spec, double timeout_s, const TimeLimit& limit);

}  // namespace tlaunch
