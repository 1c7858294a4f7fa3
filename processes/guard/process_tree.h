// What /proc tells about processes. A process may end between two reads: the answers are a snapshot.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace tlaunch {

// Children of `root`, their children and so on; a process in `skip` is left out with all below it. Zombies count: one
// whose main thread alone has ended still runs.
std::vector<pid_t> descendants_of(pid_t root, const std::set<pid_t>& skip = {});

std::vector<pid_t> children_of(pid_t parent);

// The letter of its state in /proc ('R', 'S', 'T' stopped by a signal, 't' held by a debugger, 'Z', ...); 'X' where it
// is gone.
char state_of(pid_t pid);
std::map<int, char> states_of(const std::map<int, pid_t>& processes);  // by the same keys

// Whether the process is already on its way out (its exit status is settled, its memory and files are being freed) or
// gone: nothing sent to it now changes how it ends.
bool is_exiting(pid_t pid);

// Waits until that child of ours has ended and reaps it: its wait status. Nothing where it runs on after the limit, or
// is no child of ours.
std::optional<int> wait_for_child(pid_t pid, double limit_s);

// Kills all that is below the calling process and reaps what ends, until nothing is left: true. False: the limit is
// over (a process in state D heeds no signal), where there is one. For a caller that is a child subreaper, with one
// thread.
bool kill_descendants(std::optional<double> limit_s, const std::function<void(pid_t, int status)>& on_end);

}  // namespace tlaunch
