// Which rank made a group fail, and how that is told. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "processes/group/supervise.h"

namespace tlaunch {

// How one rank ended.
struct RankEnd {
  int rank = 0;
  int wait_status = 0;                     // of waitpid; meaningless where start_error is set
  int start_error = 0;                     // errno where it could not be started
  bool before_stop = false;                // it had ended, or was on its way out, before the group was told to stop
  std::optional<int> reported;             // the place of its failure event, or error file, among those of all ranks
  bool out_of_memory = false;              // SIGKILL while the kernel's count of such kills rose
  bool left_early = false;                 // it ended with 0, but its work was not done
  std::optional<int> told_exit_code = {};  // of the failure that it had told of before the group was told to stop
  bool after_kill = false;                 // its end came after we had sent SIGKILL to all
};

// 128 + signal, 127 not found, 126 not executable, 1 left early. Of a rank that had told of its failure and that our
// signal ended the one that it told.
int exit_code_of(const RankEnd& end);
int signal_of(const RankEnd& end);           // that ended it; 0: none, or ours after it had told of its failure
bool by_foreign_signal(const RankEnd& end);  // while the group was stopping, and not by a signal of ours
bool left_saved(const RankEnd& end);         // told to stop, it saved: exit code 75, or 130 after Ctrl-C
std::string cause_of(const RankEnd& end, const std::string& program);  // see GroupFailure::cause

// The index in `ends`, which are in the order of their ends, of the first failure. A rank that a signal killed before
// it could tell of anything, or that left early, comes first: a peer that notices it may tell of that, and end, sooner
// than the kernel is done with the dead. Then the rank that first told of a failure, then the one that ended first. A
// signal that we sent, and an end in the way that was asked for, is never the cause where there is another. Nothing
// where all ended with 0.
std::optional<std::size_t> first_failure(const std::vector<RankEnd>& ends);

// For stderr: at most ten lines on what failed, what it said and its victims, then the last lines of its output, 20 at
// most (left out with with_output false).
std::vector<std::string> failure_report(const GroupFailure& failure, bool with_output);

// The same for programs: {rank (null: no single one), host, cause, signal, message, victims: [{rank, cause}]} and log
// where it is kept.
Json to_json(const GroupFailure& failure);

}  // namespace tlaunch
