// What a group's end means for the caller: exit code, root cause, victims.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "launcher/group/failure.h"
#include "launcher/group/supervise.h"

namespace tlaunch {

struct Hung {
  std::optional<int> rank;
  std::string cause;
  std::vector<std::string> last_lines;  // of that rank, before it was asked for more
};

struct ToldFailure {
  int rank = 0;
  int exit_code = 1;  // with which it said it would leave
};

struct GroupRecord {
  const std::vector<WorkerSpec>& workers;
  std::vector<RankEnd> ends;              // in the order in which they happened
  std::vector<ToldFailure> told_failure;  // by an event, in that order
  bool saves_when_told = false;           // as in GroupSpec
  int interrupted_by = 0;                 // as in GroupResult
  bool out_of_time = false;               // as in GroupResult
  std::optional<Hung> hung;               // killed for this
};

// Reads the workers' error files, for order and message. `last_lines`: of a rank's own output.
GroupResult group_result(GroupRecord record, const std::function<std::vector<std::string>(int rank)>& last_lines);

}  // namespace tlaunch
