// While it lives, the signals by which a user stops the launcher come as data on a descriptor, and a broken pipe is an
// error code. Puts everything back at its end. One thread.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <initializer_list>

#include "base/descriptor.h"

namespace tlaunch {

// While it lives, signals that ask for an end wait for the next SignalTakeover instead of ending this process: what is
// to be done at the end of a run is done whenever somebody asks. Those that nobody has answered are dropped at its end.
class SignalHold {
 public:
  SignalHold();
  ~SignalHold();
  SignalHold(const SignalHold&) = delete;
  SignalHold& operator=(const SignalHold&) = delete;
};

class SignalTakeover {
 public:
  // SIGTERM and SIGUSR1; SIGINT, SIGHUP and `more` where they are not ignored (nohup).
  explicit SignalTakeover(std::initializer_list<int> more = {});
  ~SignalTakeover();
  SignalTakeover(const SignalTakeover&) = delete;
  SignalTakeover& operator=(const SignalTakeover&) = delete;

  struct Arrival {
    int signal = 0;              // 0: none has come
    bool from_terminal = false;  // Ctrl-C: all of the terminal's foreground group got it
    pid_t sender = 0;            // the process that sent it; 0: the kernel, or one of another container
  };
  int fd() const { return fd_.get(); }
  Arrival next();  // does not wait
  // Stops this process as `signal`, one of those taken, would have (SIGTSTP, SIGTTIN). Returns when it goes on; at once
  // where the kernel stops nobody, in a process group that no shell would continue.
  void stop_here(int signal);

  const sigset_t& mask_before() const;  // for processes that are started: without a SignalHold's
  const struct sigaction& broken_pipe_before() const { return broken_pipe_before_; }

 private:
  Descriptor fd_;
  sigset_t mask_before_{};
  struct sigaction broken_pipe_before_ = {};
};

}  // namespace tlaunch
