// launch.on_end: a command that is run once when a run has ended, however it ended, for example to notify somebody.
// One thread, no other child processes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "launcher/run/summary.h"

namespace tlaunch {

// How a run has ended. The command gets it in its environment.
struct RunEnding {
  std::string name;     // TLAUNCH_NAME: the config's, or the program
  std::string run_dir;  // TLAUNCH_RUN_DIR, absolute; "": the run made no folder
  std::string status;   // TLAUNCH_STATUS: as in summary.json
  std::string reason;   // TLAUNCH_REASON: as in summary.json, or the error; "": the run did all its work
  int exit_code = 0;    // TLAUNCH_EXIT_CODE
};

// Takes folder, status and reason from the summary.
void take_ending(RunEnding& ending, const RunSummary& summary);

// The ending of a run that was stopped while no process was running, by `signal` or, if it is 0, by launch.max_time.
// Returns the exit code.
int stopped_waiting(RunEnding& ending, int signal);

class OnEnd {
 public:
  static constexpr double kLimit_s = 60;  // for the command and the processes that it starts
  // An empty `command`: none. Throws UsageError if the command cannot be started, so that this is known before the run.
  // `name`: its name in messages, which is --on-end if there is no config.
  explicit OnEnd(const std::optional<std::string>& command, double limit_s = kLimit_s,
                 const std::string& name = "launch.on_end");

  // Calls `work`, a run, which fills in how it ended and returns the exit code; then runs the command. The exit code of
  // the command changes nothing. An error of `work` is reported before the command runs and is thrown again afterwards.
  // Signals that arrive between two groups of `work` are held for the next group.
  int around(RunEnding ending, const std::function<int(RunEnding&)>& work) const;

 private:
  void run(const RunEnding& ending) const;

  std::vector<std::string> argv_;
  double limit_s_;
  std::string name_;
};

}  // namespace tlaunch
