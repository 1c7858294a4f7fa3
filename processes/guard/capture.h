// Runs a short command and captures its output, for example to ask a worker to describe itself.
#pragma once

#include <string>
#include <vector>

namespace tlaunch {

struct Captured {
  int exit_code = 0;       // its own, 128 + signal, or 127 if it could not be started
  bool timed_out = false;  // killed after the time limit
  bool stopped = false;    // killed because a signal asked this process to end; the signal is still pending
  std::string out, err;    // at most 16 MiB each; the rest is read and dropped
};

// argv[0] is a path. stdin is /dev/null. Blocks until the command ends or `limit_s` is over; then the command is killed
// with all processes that it started. `what` describes the wait ("asking X what it can do"): if it takes long, a line
// on stderr says so, and a signal that is held (SignalHold) ends the command; "": neither.
Captured run_captured(const std::vector<std::string>& argv, double limit_s, const std::string& what = "");

}  // namespace tlaunch
