// Runs a short command and takes its output: for asking a worker to describe itself.
#pragma once

#include <string>
#include <vector>

namespace tlaunch {

struct Captured {
  int exit_code = 0;       // its own, 128 + signal, or 127 where it could not be started
  bool timed_out = false;  // killed after the time limit
  bool stopped = false;    // killed because a signal asked this process to end; it is still pending
  std::string out, err;    // at most 16 MiB each; what is more is read and dropped
};

// argv[0] is a path. stdin is /dev/null. Blocks until the command ends or `limit_s` is over; then it is
// killed with all that it started. `what` says what it is asked for ("asking X what it can do"): a line tells of it where
// it takes long, and a signal that is held (SignalHold) ends it; "": neither.
Captured run_captured(const std::vector<std::string>& argv, double limit_s, const std::string& what = "");

}  // namespace tlaunch
