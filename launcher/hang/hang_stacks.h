// What the processes of a group that hangs are doing, for whoever looks into it afterwards.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace tlaunch {

// Writes stacks_R.txt into `folder` ("": nothing) for each rank: its state and wait channel from /proc, the stack of
// its training thread, which our workers write themselves on SIGUSR2 (not while they are stopped), and where there is a
// gdb that may attach, the stacks of all its threads. `first`: the ranks to begin with, for which gdb reads the symbols
// of libraries too. Takes about 20 s at most; what fails is told in the file.
void save_stacks(const std::map<int, pid_t>& ranks, const std::vector<int>& first, const std::string& folder);

}  // namespace tlaunch
