// Reads from /proc what the processes of a group that hangs are doing.
#pragma once

#include <sys/types.h>

#include <map>

#include "processes/hang/activity.h"

namespace tlaunch {

ProcessLook look_at(pid_t pid);

// By rank, from two looks that are one second apart.
std::map<int, Activity> activities_of(const std::map<int, pid_t>& processes);

// The process that does a rank's work: the rank's own, or its only child if the rank's own (a shell or another wrapper)
// does nothing but wait for that child.
pid_t working_process(pid_t rank_process);

bool is_python(pid_t pid);

}  // namespace tlaunch
