// Runs one group of workers to its end, followed by a Session.
#pragma once

#include <functional>

#include "launcher/job/job.h"
#include "launcher/job/worker_group.h"
#include "launcher/run/session.h"
#include "processes/group/supervise.h"

namespace tlaunch {

// Starts the group and lets `session` follow it until it ends or hangs (processes/hang/hang_watch.h). `on_event` is
// called for each event, before `session`, but not for heartbeats; `on_tick` several times per second. Both may be
// empty. One thread. Throws IoError if no process can be started.
GroupResult run_session(const Job& job, const WorkerStart& start, Session& session,
                        const std::function<void(const StampedEvent&)>& on_event, const std::function<void()>& on_tick);

}  // namespace tlaunch
