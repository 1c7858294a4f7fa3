// What the processes of a group that hangs are doing, for whoever looks into it afterwards.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace tlaunch {

// Whether the processes write their own stacks when SIGUSR2 asks for them, as our workers do. To a program of the
// user's own that signal may mean anything.
enum class WriteOwn { no, on_usr2 };

// Where what a rank does is written, should it hang.
std::string stack_path(const std::string& log_folder, int rank);

// Writes stacks_R.txt into `folder` ("": nothing) for each rank: its state and wait channel from /proc, the stack of
// its training thread, by itself (not while it is stopped), and where there is a gdb that may attach, the stacks of all
// its threads. `first`: the ranks to begin with, for which gdb reads the symbols of libraries too. Takes about 20 s at
// most; what fails is told in the file.
void save_stacks(const std::map<int, pid_t>& ranks, const std::vector<int>& first, const std::string& folder,
                 WriteOwn own);

}  // namespace tlaunch
