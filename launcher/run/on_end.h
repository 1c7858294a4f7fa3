// launch.on_end: a command that is run once when a run has ended, however it ended, to tell somebody or to clean up.
// One thread, no other child processes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "launcher/run/summary.h"

namespace tlaunch {

// How a run has ended, as the command is told in its environment.
struct RunEnding {
  std::string name;     // TLAUNCH_NAME: the config's, or the program
  std::string run_dir;  // TLAUNCH_RUN_DIR, absolute; "": none was made
  std::string status;   // TLAUNCH_STATUS: as in summary.json
  std::string reason;   // TLAUNCH_REASON: as in summary.json, or what was wrong; "": it did all its work
  int exit_code = 0;    // TLAUNCH_EXIT_CODE
};

// What a summary says of it.
void take_ending(RunEnding& ending, const RunSummary& summary);

// One that was stopped while no process was at work, by that signal; 0: by launch.max_time. Returns the exit code.
int stopped_waiting(RunEnding& ending, int signal);

class OnEnd {
 public:
  static constexpr double kLimit_s = 60;  // for the command with all that it starts
  // Nothing: no command. Throws UsageError where it cannot be started: found out before the run.
  // `name`: how messages call it, which is --on-end where there is no config.
  explicit OnEnd(const std::optional<std::string>& command, double limit_s = kLimit_s,
                 const std::string& name = "launch.on_end");

  // Does `work`, a run, which fills in how it ended and returns the exit code; then runs the command, whose own end
  // changes nothing. An error of the work is told before, and thrown on. Signals that come between two groups of `work`
  // are kept for the next one.
  int around(RunEnding ending, const std::function<int(RunEnding&)>& work) const;

 private:
  void run(const RunEnding& ending) const;

  std::vector<std::string> argv_;
  double limit_s_;
  std::string name_;
};

}  // namespace tlaunch
