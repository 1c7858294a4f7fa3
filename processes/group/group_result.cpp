#include "processes/group/group_result.h"

#include <algorithm>
#include <csignal>

#include "base/error.h"
#include "processes/group/error_file.h"
#include "processes/group/loaded_libtorch.h"
#include "processes/group/this_machine.h"

namespace tlaunch {
namespace {

// For a plain program's ranks that were asked to stop because the time was up. A rank's own exit code says most; 0 may
// mean that the program saved and should be started again.
int exit_code_in_time(const std::vector<RankEnd>& ends) {
  bool done = true;
  for (const RankEnd& end : ends) {
    const int code = exit_code_of(end);
    if (code != exit_code::ok && code < exit_code::signal_base) return code;
    done = done && end.before_stop && code == exit_code::ok;
  }
  return done ? exit_code::ok : exit_code::preempted;
}

void set_stopped(GroupResult& result, const GroupRecord& record) {
  if (record.out_of_time && !record.saves_when_told) {
    result.exit_code = exit_code_in_time(record.ends);
    return;
  }
  result.saved = record.saves_when_told && std::all_of(record.ends.begin(), record.ends.end(), left_saved);
  result.exit_code = result.saved && record.interrupted_by != SIGINT ? exit_code::preempted
                                                                     : exit_code::signal_base + record.interrupted_by;
}

std::vector<RankOutput> outputs_of(const std::vector<WorkerSpec>& workers,
                                   const std::function<std::vector<std::string>(int rank)>& last_lines) {
  std::vector<RankOutput> outputs;
  for (const WorkerSpec& worker : workers)
    outputs.push_back({last_lines(static_cast<int>(outputs.size())), error_time_ns(worker.error_path),
                       error_message(worker.error_path)});
  return outputs;
}

}  // namespace

GroupResult group_result(GroupRecord record, const RunRecord* run,
                         const std::function<std::vector<std::string>(int rank)>& last_lines) {
  record.outputs = outputs_of(record.workers, last_lines);
  record.host = host_name();
  GroupResult result;
  result.interrupted_by = record.interrupted_by;
  result.out_of_time = record.out_of_time;
  result.hung = record.hung.has_value();
  result.failure = diagnose(record, run, loader_advice);
  if (result.failure)
    result.exit_code = result.failure->exit_code;
  else if (stopped_as_told(record))
    set_stopped(result, record);
  return result;
}

}  // namespace tlaunch
