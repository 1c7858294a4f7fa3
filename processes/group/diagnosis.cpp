#include "processes/group/diagnosis.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/text.h"
#include "processes/group/loader_error.h"

namespace tlaunch {
namespace {

const WorkerSpec& worker_of(const GroupRecord& group, int rank) {
  return group.workers[static_cast<std::size_t>(rank)];
}

RankOutput output_of(const GroupRecord& group, int rank) {
  const auto index = static_cast<std::size_t>(rank);
  return index < group.outputs.size() ? group.outputs[index] : RankOutput{};
}

// Whether the ranks, when asked to stop, had done all their work, or one failed for its own reason (a full disk).
bool decided_by_the_ranks(const GroupRecord& group) {
  if (!group.saves_when_told || group.ends.empty()) return false;
  const auto done = [](const RankEnd& end) { return exit_code_of(end) == exit_code::ok; };
  if (std::all_of(group.ends.begin(), group.ends.end(), done)) return true;
  return std::any_of(group.ends.begin(), group.ends.end(), [](const RankEnd& end) {
    const int code = exit_code_of(end);
    if (by_foreign_signal(end)) return true;
    return code != exit_code::ok && code < exit_code::signal_base && code != exit_code::preempted;
  });
}

// The ends, each with its place among the failures that ranks reported. Ranks without events that wrote an error file
// reported in the order of the files. Of two files with the same time the second is left out; then the order of their
// ends decides.
std::vector<RankEnd> with_reports(const GroupRecord& group) {
  std::map<std::int64_t, int> by_file;
  for (const RankEnd& end : group.ends)
    if (const auto time_ns = output_of(group, end.rank).error_time_ns) by_file.emplace(*time_ns, end.rank);
  std::vector<int> reported;
  for (const ToldFailure& told : group.told_failure) reported.push_back(told.rank);
  for (const auto& [time_ns, rank] : by_file) reported.push_back(rank);
  std::vector<RankEnd> ends = group.ends;
  for (RankEnd& end : ends) {
    const auto place = std::find(reported.begin(), reported.end(), end.rank);
    if (place != reported.end()) end.reported = static_cast<int>(place - reported.begin());
  }
  return ends;
}

// Of a program that the dynamic loader did not start.
std::string loader_text(const GroupFailure& failure, const std::string& program, const LoaderAdvice& ask) {
  std::string output;
  for (const std::string& line : failure.last_lines) output += line + "\n";
  const std::string error = loader_error_in(output, program);
  if (error.empty() && failure.exit_code != 127) return "";
  const std::string advice = ask(program, error);
  return (error.empty() ? "" : "; the dynamic loader said: " + error) + (advice.empty() ? "" : "; " + advice);
}

// A killed rank reports no position; its peers' last position is the best guess.
std::string likely_place(const RunRecord& run) {
  if (!run.start) return "in start-up";
  if (!run.failure_place.empty()) return "the others were in " + run.failure_place;
  return format_text("after step {}", run.step);
}

GroupFailure hang_of(const GroupRecord& group) {
  GroupFailure failure;
  failure.rank = group.hung->rank;
  failure.exit_code = exit_code::hang;
  failure.cause = failure.summary_message = group.hung->cause;
  failure.last_lines = group.hung->last_lines;
  failure.host = group.host;
  if (failure.rank) failure.log_path = worker_of(group, *failure.rank).log_path;
  return failure;
}

GroupFailure failure_of(const GroupRecord& group, const RankEnd& end, const RunRecord* run, const LoaderAdvice& ask) {
  const WorkerSpec& worker = worker_of(group, end.rank);
  const RankOutput output = output_of(group, end.rank);
  GroupFailure failure;
  failure.rank = end.rank;
  failure.exit_code = exit_code_of(end);
  failure.signal = signal_of(end);
  failure.last_lines = output.last_lines;
  failure.host = group.host;
  failure.log_path = worker.log_path;
  failure.message = output.error_message;
  failure.cause = cause_of(end, worker.argv[0]);
  if (end.start_error == 0) failure.cause += loader_text(failure, worker.argv[0], ask);
  if (run != nullptr) {
    const auto told = run->failures.find(end.rank);
    if (told == run->failures.end())
      failure.cause += "; " + likely_place(*run);
    else
      failure.message = told->second;
  }
  failure.summary_message = failure.message;
  if (failure.message.empty() && !failure.last_lines.empty()) failure.summary_message = failure.last_lines.back();
  for (const RankEnd& other : group.ends)
    if (other.rank != end.rank && exit_code_of(other) != 0)
      failure.victims.push_back({other.rank, cause_of(other, "")});
  return failure;
}

}  // namespace

bool stopped_as_told(const GroupRecord& group) {
  if (group.hung) return false;
  if (group.out_of_time && !group.saves_when_told) return true;
  return group.interrupted_by != 0 && !decided_by_the_ranks(group);
}

std::optional<GroupFailure> diagnose(const GroupRecord& group, const RunRecord* run, const LoaderAdvice& advice) {
  if (group.hung) return hang_of(group);
  if (stopped_as_told(group)) return std::nullopt;
  const auto ended_well = [](const RankEnd& end) { return end.start_error == 0 && end.wait_status == 0; };
  if (std::all_of(group.ends.begin(), group.ends.end(), ended_well)) return std::nullopt;
  const std::vector<RankEnd> ends = with_reports(group);
  const auto first = first_failure(ends);
  if (!first) return std::nullopt;
  return failure_of(group, ends[*first], run, advice);
}

}  // namespace tlaunch
