// While a SignalTakeover lives, the signals with which a user stops the launcher arrive as data on a descriptor, and a
// broken pipe is an error code. Its end restores everything. One thread.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <initializer_list>

#include "base/descriptor.h"

namespace tlaunch {

// While it lives, signals that ask for an end wait for the next SignalTakeover instead of ending this process, so that
// the work at the end of a run is always done. Its end drops the signals that nobody has answered.
class SignalHold {
 public:
  SignalHold();
  ~SignalHold();
  SignalHold(const SignalHold&) = delete;
  SignalHold& operator=(const SignalHold&) = delete;
};

class SignalTakeover {
 public:
  // Takes SIGTERM and SIGUSR1; also SIGINT, SIGHUP and `more`, unless they are ignored (nohup).
  explicit SignalTakeover(std::initializer_list<int> more = {});
  ~SignalTakeover();
  SignalTakeover(const SignalTakeover&) = delete;
  SignalTakeover& operator=(const SignalTakeover&) = delete;

  struct Arrival {
    int signal = 0;              // 0: none came
    bool from_terminal = false;  // Ctrl-C: the whole foreground group of the terminal got it
    pid_t sender = 0;            // the process that sent it; 0: the kernel, or a process of another container
  };
  int fd() const { return fd_.get(); }
  Arrival next();  // does not wait
  // Stops this process as `signal`, one of those taken, would have (SIGTSTP, SIGTTIN). Returns when the process
  // continues; at once if the kernel does not stop it, in a process group that no shell would continue.
  void stop_here(int signal);

  const sigset_t& mask_before() const;  // for processes that are started: without the signals of a SignalHold
  const struct sigaction& broken_pipe_before() const { return broken_pipe_before_; }

 private:
  Descriptor fd_;
  sigset_t mask_before_{};
  struct sigaction broken_pipe_before_ = {};
};

}  // namespace tlaunch
