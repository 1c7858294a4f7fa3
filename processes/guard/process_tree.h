// What /proc says about processes. A process may end between two reads: the answers are a snapshot.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace tlaunch {

// Children of `root`, their children and so on; a process in `skip` is left out with all processes below it. Zombies
// count: a process of which only the main thread has ended looks like one and still runs.
std::vector<pid_t> descendants_of(pid_t root, const std::set<pid_t>& skip = {});

std::vector<pid_t> children_of(pid_t parent);

// The letter of its state in /proc ('R', 'S', 'T' stopped by a signal, 't' held by a debugger, 'Z', ...); 'X' if it is
// gone.
char state_of(pid_t pid);
std::map<int, char> states_of(const std::map<int, pid_t>& processes);  // by the same keys

// Whether the process is already exiting (its exit status is settled, its memory and files are being freed) or gone: no
// signal changes how it ends.
bool is_exiting(pid_t pid);

// Waits until that child has ended, reaps it and returns its wait status. Empty if it still runs after the limit, or is
// not our child.
std::optional<int> wait_for_child(pid_t pid, double limit_s);

// Kills all processes below the calling one and reaps those that end, until none is left: true. False: the limit, if
// there is one, is over (no signal ends a process in state D). The caller must be a child subreaper with one thread.
bool kill_descendants(std::optional<double> limit_s, const std::function<void(pid_t, int status)>& on_end);

}  // namespace tlaunch
