// Saves what the processes of a group that hangs are doing, for a later look at the cause.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace tlaunch {

// Whether the processes write their own stacks when SIGUSR2 asks for them, as our workers do. For any other program
// that signal may mean anything.
enum class WriteOwn { no, on_usr2 };

// The file for the stacks of a rank, in case it hangs.
std::string stack_path(const std::string& log_folder, int rank);

// Writes stacks_R.txt into `folder` ("": nothing is written) for each rank: its state and wait channel from /proc, the
// stack of its training thread, which the rank writes itself (unless it is stopped), and the stacks of all its threads,
// if gdb is in PATH and may attach. `first`: the ranks to begin with; for these gdb also reads the symbols of
// libraries. Takes at most about 20 s. The file also says what failed.
void save_stacks(const std::map<int, pid_t>& ranks, const std::vector<int>& first, const std::string& folder,
                 WriteOwn own);

}  // namespace tlaunch
