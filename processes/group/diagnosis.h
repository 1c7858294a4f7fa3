// Which rank made a group fail, and why. Other code only prints the result (failure.h).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "contract/run_record.h"
#include "processes/group/failure.h"
#include "processes/group/supervise.h"

namespace tlaunch {

struct Hung {
  std::optional<int> rank;
  std::string cause;
  std::vector<std::string> last_lines;  // of that rank, before it was asked for its stack
};

struct ToldFailure {
  int rank = 0;
  int exit_code = 1;  // that it reported it would exit with
};

// What a rank left besides its end and its events.
struct RankOutput {
  std::vector<std::string> last_lines = {};        // of its own output, at most 20, clean UTF-8
  std::optional<std::int64_t> error_time_ns = {};  // when it wrote its error file; empty: it wrote none
  std::string error_message = {};                  // what that file says; "": nothing
};

struct GroupRecord {
  const std::vector<WorkerSpec>& workers;
  std::vector<RankEnd> ends;              // in the order in which they happened
  std::vector<ToldFailure> told_failure;  // reported by events, in that order
  bool saves_when_told = false;           // as in GroupSpec
  int interrupted_by = 0;                 // as in GroupResult
  bool out_of_time = false;               // as in GroupResult
  std::optional<Hung> hung;               // killed for this
  std::vector<RankOutput> outputs = {};   // by rank; may end early: those ranks left nothing
  std::string host = {};                  // where the ranks ran
};

// Advice on a program that the dynamic loader did not start (loaded_libtorch.h). Called at most once, because it starts
// a process.
using LoaderAdvice = std::function<std::string(const std::string& program, const std::string& loader_error)>;

// Whether the group ended because it was asked to stop, by a signal or a time limit, and not by its own failure.
bool stopped_as_told(const GroupRecord& group);

// The first failure; empty if the group did its work or stopped as asked. A hang comes before everything else. `run`:
// what its events reported, for the failed rank's message and for the place of a rank that could not report its own;
// null if there is no run (a plain program, a trial). Pure except for `advice`.
std::optional<GroupFailure> diagnose(const GroupRecord& group, const RunRecord* run, const LoaderAdvice& advice);

}  // namespace tlaunch
