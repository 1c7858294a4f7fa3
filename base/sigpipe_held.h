// Suppresses SIGPIPE in the calling thread during its lifetime. Writing to a closed reader (`2>&1 | head`, a launcher
// that was killed) is then an error of write(2) and does not end this process. The signal is blocked and a pending one
// removed. Its disposition is not changed, because it belongs to the program, which may be a user's.
#pragma once

#include <signal.h>
#include <time.h>

#include <cerrno>

namespace tlaunch {

class SigpipeHeld {
 public:
  SigpipeHeld() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~SigpipeHeld() {
    const timespec now{};
    if (!was_pending_) {
      while (sigtimedwait(&sigpipe_, nullptr, &now) < 0 && errno == EINTR) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeHeld(const SigpipeHeld&) = delete;
  SigpipeHeld& operator=(const SigpipeHeld&) = delete;

 private:
  sigset_t sigpipe_, before_;
  bool was_pending_ = false;
};

}  // namespace tlaunch
