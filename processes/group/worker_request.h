// How a worker of a group is to be started.
#pragma once

#include "processes/group/supervise.h"
#include "processes/guard/signal_takeover.h"
#include "processes/guard/spawn.h"

namespace tlaunch {

// `event_fd`: write end of the event pipe, -1: none. `store_fd`: the listening socket, for a rank that gets it; -1:
// none. The caller adds the worker's output.
SpawnRequest worker_request(const WorkerSpec& worker, int event_fd, int store_fd, const SignalTakeover& signals);

// Whether it is in our process group and reads our terminal: Ctrl-C reaches it without us.
bool shares_terminal(const SpawnRequest& request);

}  // namespace tlaunch
