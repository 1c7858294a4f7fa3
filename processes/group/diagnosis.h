// Who made a group fail, and why: the whole story in one place. Everything else only prints it (failure.h).
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
  std::vector<std::string> last_lines;  // of that rank, before it was asked for more
};

struct ToldFailure {
  int rank = 0;
  int exit_code = 1;  // with which it said it would leave
};

// What a rank left behind, beside its end and its events.
struct RankOutput {
  std::vector<std::string> last_lines = {};        // of its own output, at most 20, clean UTF-8
  std::optional<std::int64_t> error_time_ns = {};  // when it wrote its error file; nothing: it wrote none
  std::string error_message = {};                  // what that file says; "": nothing
};

struct GroupRecord {
  const std::vector<WorkerSpec>& workers;
  std::vector<RankEnd> ends;              // in the order in which they happened
  std::vector<ToldFailure> told_failure;  // by an event, in that order
  bool saves_when_told = false;           // as in GroupSpec
  int interrupted_by = 0;                 // as in GroupResult
  bool out_of_time = false;               // as in GroupResult
  std::optional<Hung> hung;               // killed for this
  std::vector<RankOutput> outputs = {};   // by rank; may end early: those ranks left nothing
  std::string host = {};                  // where the ranks ran
};

// What to do about a program that the dynamic loader did not start (loaded_libtorch.h). Asked once at most, since the
// answer takes a process.
using LoaderAdvice = std::function<std::string(const std::string& program, const std::string& loader_error)>;

// Whether the group ended because it was told to stop, by a signal or a time limit, and not by a failure of its own.
bool stopped_as_told(const GroupRecord& group);

// The first failure; nothing where the group did its work, or stopped as told. A hang comes before all else. `run`:
// what its events told, for the failed rank's message and for the place of a rank that could not tell it; null where
// there is no run (a plain program, a trial). Pure but for `advice`.
std::optional<GroupFailure> diagnose(const GroupRecord& group, const RunRecord* run, const LoaderAdvice& advice);

}  // namespace tlaunch
