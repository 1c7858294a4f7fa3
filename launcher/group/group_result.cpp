#include "launcher/group/group_result.h"

#include <algorithm>
#include <csignal>
#include <map>

#include "core/error.h"
#include "launcher/group/error_file.h"
#include "launcher/group/loaded_libtorch.h"
#include "launcher/group/loader_error.h"
#include "launcher/group/this_machine.h"

namespace tlaunch {
namespace {

const WorkerSpec& worker_of(const GroupRecord& record, int rank) {
  return record.workers[static_cast<std::size_t>(rank)];
}

// Told to stop, they had done all their work, or one failed for a reason of its own (a disk that is full).
bool decided_by_the_ranks(const GroupRecord& record) {
  if (!record.saves_when_told || record.ends.empty()) return false;
  const auto done = [](const RankEnd& end) { return exit_code_of(end) == exit_code::ok; };
  if (std::all_of(record.ends.begin(), record.ends.end(), done)) return true;
  return std::any_of(record.ends.begin(), record.ends.end(), [](const RankEnd& end) {
    const int code = exit_code_of(end);
    if (by_foreign_signal(end)) return true;
    return code != exit_code::ok && code < exit_code::signal_base && code != exit_code::preempted;
  });
}

// Of a plain program's ranks, told to stop because the time was up. A code of its own says more than we can; 0 may mean
// that it has saved, and wants to be started again.
int exit_code_in_time(const std::vector<RankEnd>& ends) {
  bool done = true;
  for (const RankEnd& end : ends) {
    const int code = exit_code_of(end);
    if (code != exit_code::ok && code < exit_code::signal_base) return code;
    done = done && end.before_stop && code == exit_code::ok;
  }
  return done ? exit_code::ok : exit_code::preempted;
}

// Ranks without events that wrote an error file told of their failures in the order of the files. Of two in one tick of
// the clock the second one is left out: then the order of their ends decides.
void add_error_files(GroupRecord& record) {
  std::map<std::int64_t, int> ranks;
  for (const RankEnd& end : record.ends) {
    if (const auto time_ns = error_time_ns(worker_of(record, end.rank).error_path)) ranks.emplace(*time_ns, end.rank);
  }
  for (const auto& [time_ns, rank] : ranks) record.told_failure.push_back({rank});
  for (RankEnd& end : record.ends) {
    const auto told = std::find_if(record.told_failure.begin(), record.told_failure.end(),
                                   [&](const ToldFailure& failure) { return failure.rank == end.rank; });
    if (told != record.told_failure.end()) end.reported = static_cast<int>(told - record.told_failure.begin());
  }
}

// Of a program that the dynamic loader did not start.
void add_loader_error(GroupFailure& failure, const std::string& program) {
  std::string output;
  for (const std::string& line : failure.last_lines) output += line + "\n";
  const std::string error = loader_error_in(output, program);
  if (!error.empty())
    failure.cause += "; the dynamic loader said: " + error;
  else if (failure.exit_code != 127)
    return;
  if (const std::string advice = loader_advice(program, error); !advice.empty()) failure.cause += "; " + advice;
}

GroupFailure failure_of(const GroupRecord& record, const RankEnd& end, std::vector<std::string> last_lines) {
  const WorkerSpec& worker = worker_of(record, end.rank);
  GroupFailure failure;
  failure.rank = end.rank;
  failure.exit_code = exit_code_of(end);
  failure.signal = signal_of(end);
  failure.cause = cause_of(end, worker.argv[0]);
  failure.last_lines = std::move(last_lines);
  if (end.start_error == 0) add_loader_error(failure, worker.argv[0]);
  failure.host = host_name();
  failure.log_path = worker.log_path;
  failure.message = error_message(worker.error_path);
  for (const RankEnd& other : record.ends) {
    if (other.rank != end.rank && exit_code_of(other) != 0)
      failure.victims.push_back({other.rank, cause_of(other, "")});
  }
  return failure;
}

}  // namespace

GroupResult group_result(GroupRecord record, const std::function<std::vector<std::string>(int rank)>& last_lines) {
  GroupResult result;
  result.interrupted_by = record.interrupted_by;
  if (record.hung) {
    result.hung = true;
    result.exit_code = exit_code::hang;
    GroupFailure failure{record.hung->rank, exit_code::hang, 0, record.hung->cause, record.hung->last_lines, {}};
    failure.host = host_name();
    if (failure.rank) failure.log_path = worker_of(record, *failure.rank).log_path;
    result.failure = std::move(failure);
    return result;
  }
  result.out_of_time = record.out_of_time;
  if (record.out_of_time && !record.saves_when_told) {
    result.exit_code = exit_code_in_time(record.ends);
    return result;
  }
  if (record.interrupted_by != 0 && !decided_by_the_ranks(record)) {
    result.saved = record.saves_when_told && std::all_of(record.ends.begin(), record.ends.end(), left_saved);
    result.exit_code = result.saved && record.interrupted_by != SIGINT ? exit_code::preempted
                                                                       : exit_code::signal_base + record.interrupted_by;
    return result;
  }
  const auto ended_well = [](const RankEnd& end) { return end.start_error == 0 && end.wait_status == 0; };
  if (std::all_of(record.ends.begin(), record.ends.end(), ended_well)) return result;
  add_error_files(record);
  const auto first = first_failure(record.ends);
  if (!first) return result;
  const RankEnd& end = record.ends[*first];
  result.failure = failure_of(record, end, last_lines(end.rank));
  result.exit_code = result.failure->exit_code;
  return result;
}

}  // namespace tlaunch
