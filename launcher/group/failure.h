// Which rank made a group fail, and how that is told. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/group/supervise.h"

namespace tlaunch {

// How one rank ended.
struct RankEnd {
  int rank = 0;
  int wait_status = 0;             // of waitpid; meaningless where start_error is set
  int start_error = 0;             // errno where it could not be started
  bool before_stop = false;        // it had ended, or its end was settled, before the group was told to stop
  std::optional<int> reported;     // the place of its failure event, or error file, among those of all ranks
  bool out_of_memory = false;      // SIGKILL while the kernel's count of such kills rose
  bool left_early = false;         // it ended with 0, but its work was not done
};

int exit_code_of(const RankEnd& end);  // 128 + signal, 127 not found, 126 not executable, 1 left early
std::string cause_of(const RankEnd& end, const std::string& program);  // see GroupFailure::cause

// The index in `ends`, which are in the order of their ends, of the first failure. A rank that a signal killed, or that
// left early, comes first: a peer that notices it may end sooner than the kernel is done with the dead. Then the rank
// that first told of a failure, then the one that ended first. Nothing where all ended with 0.
std::optional<std::size_t> first_failure(const std::vector<RankEnd>& ends);

// For stderr: at most ten lines on what failed, what it said and its victims, then the last lines of its output, 20 at
// most (left out with with_output false).
std::vector<std::string> failure_report(const GroupFailure& failure, bool with_output);

// The same for programs: {rank (null: no single one), host, cause, signal, message, victims: [{rank, cause}]} and log
// where it is kept.
Json to_json(const GroupFailure& failure);

}  // namespace tlaunch
