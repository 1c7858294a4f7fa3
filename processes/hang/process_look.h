// Looks at the processes of a group that hangs.
#pragma once

#include <sys/types.h>

#include <map>

#include "processes/hang/activity.h"

namespace tlaunch {

ProcessLook look_at(pid_t pid);

// By rank, from two looks with a second between them.
std::map<int, Activity> activities_of(const std::map<int, pid_t>& processes);

// The process that does a rank's work, where the rank's own only waits for it: a shell's, or another wrapper's, one
// child.
pid_t working_process(pid_t rank_process);

bool is_python(pid_t pid);

}  // namespace tlaunch
