// Which rank made a group fail, and how that is reported. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "processes/group/supervise.h"

namespace tlaunch {

// How one rank ended.
struct RankEnd {
  int rank = 0;
  int wait_status = 0;                     // of waitpid; meaningless if start_error is set
  int start_error = 0;                     // errno if it could not be started
  bool before_stop = false;                // it had ended, or was exiting, before the group was asked to stop
  std::optional<int> reported;             // the place of its failure event, or error file, among those of all ranks
  bool out_of_memory = false;              // SIGKILL while the kernel's count of such kills rose
  bool left_early = false;                 // it ended with 0, but its work was not done
  std::optional<int> told_exit_code = {};  // of the failure that it reported before the group was asked to stop
  bool after_kill = false;                 // it ended after we had sent SIGKILL to all ranks
};

// 128 + signal, 127 not found, 126 not executable, 1 left early. If our signal ended a rank that had reported its
// failure: the exit code that it reported.
int exit_code_of(const RankEnd& end);
int signal_of(const RankEnd& end);           // that ended it; 0: none, or ours after it had reported its failure
bool by_foreign_signal(const RankEnd& end);  // while the group was stopping, and not by our signal
bool left_saved(const RankEnd& end);         // asked to stop, it saved: exit code 75, or 130 after Ctrl-C
std::string cause_of(const RankEnd& end, const std::string& program);  // see GroupFailure::cause

// The index of the first failure in `ends`, which are in the order in which they happened. A rank that a signal killed
// before it could report anything, or that left early, comes first: a peer that notices this may report it, and end,
// before the kernel has cleaned up the dead rank. Then comes the rank that reported a failure first, then the one that
// ended first. A signal that we sent, or an end as requested, is never the cause if there is another. Empty if all
// ended with 0.
std::optional<std::size_t> first_failure(const std::vector<RankEnd>& ends);

// For stderr: at most ten lines about the failed rank, its message and its victims, then at most 20 last lines of its
// output (only if `with_output`).
std::vector<std::string> failure_report(const GroupFailure& failure, bool with_output);

// The same for programs: {rank (null: no single one), host, cause, signal, message, victims: [{rank, cause}]}, and log
// if there is one.
Json to_json(const GroupFailure& failure);

}  // namespace tlaunch
