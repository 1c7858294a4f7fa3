// A crash of this process (SIGSEGV, SIGBUS, SIGFPE, SIGILL, abort) as a `failure` event with step and phase, and a
// short stack on stderr; then it dies of its signal as it would have.
#pragma once

namespace tlaunch {

// From now on. `event_fd`: of the event pipe, -1: none.
void record_crashes(int event_fd, int rank);

}  // namespace tlaunch
