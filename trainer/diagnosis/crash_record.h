// Reports a crash of this process (SIGSEGV, SIGBUS, SIGFPE, SIGILL, abort) as a `failure` event with step and phase,
// and as a short stack on stderr. The process then dies of its signal as it would have without the report.
#pragma once

namespace tlaunch {

// From now on. `event_fd`: the event pipe, -1 if there is none.
void record_crashes(int event_fd, int rank);

}  // namespace tlaunch
