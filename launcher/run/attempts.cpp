#include "launcher/run/attempts.h"

#include <algorithm>
#include <csignal>
#include <cstring>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "checkpoint/folder/checkpoint_folder.h"
#include "checkpoint/folder/run_checkpoints.h"
#include "launcher/narration/narrator.h"
#include "launcher/run/resume.h"
#include "launcher/run/run_session.h"
#include "launcher/run/session.h"
#include "processes/group/failure.h"
#include "processes/group/restart_policy.h"
#include "processes/group/trace.h"

namespace tlaunch {
namespace {

// "" if the disk is full: a restart matters more than its logs.
std::string log_folder(const RunFolder& folder, int attempt, Progress& progress) {
  try {
    return folder.make_log_folder(attempt);
  } catch (const IoError& error) {
    progress.line(format_text("warning: {}; continuing without the logs of this attempt", error.what()));
    return "";
  }
}

GroupResult one_attempt(const Job& job, const WorkerStart& start, FolderWatch& watch,
                        const std::optional<Costs>& expected, EventLog& log, Progress& progress, RunSummary& summary,
                        const std::function<void()>& on_start) {
  Session session(log, progress, job.config, {summary.began_s, summary.estimate, summary.spent, expected});
  const auto close = [&] {
    summary.record = session.record();
    summary.wall_s = unix_time_s() - summary.began_s;
    summary.incomplete_logs.insert(summary.record.incomplete_logs.begin(), summary.record.incomplete_logs.end());
    for (const auto& [part, seconds] : session.spent()) summary.spent[part] += seconds;
    if (!summary.estimate) summary.estimate = session.estimate();
    if (summary.record.start && !summary.began_step) summary.began_step = summary.record.start->start_step;
    summary.training.add(session.time_by_phase());
    summary.slow_findings = slow_findings(summary.training, job.config);
  };
  try {
    const auto on_event = [&](const StampedEvent& event) {
      if (std::holds_alternative<StartEvent>(event.event)) on_start();
      if (std::holds_alternative<CheckpointEvent>(event.event) || std::holds_alternative<SaveFailedEvent>(event.event))
        watch.check();
    };
    auto result = run_session(job, start, session, on_event, {});
    close();
    add_incomplete_logs(summary, result);
    if (result.output_error != 0)
      progress.line(format_text("warning: some output of the ranks was lost: cannot write to standard output: {}",
                                std::strerror(result.output_error)));
    return result;
  } catch (...) {
    close();
    throw;
  }
}

GroupResult all_attempts(const Job& job, const RunFolder& folder, const std::string& checkpoints, WorkerStart start,
                         FolderWatch& watch, const std::optional<Costs>& expected, EventLog& log, Progress& progress,
                         RunSummary& summary, const std::function<void()>& on_start) {
  const std::string first_resume = start.resume_path;
  const std::int64_t max_restarts = job.config.launch.max_restarts;
  RestartPolicy policy(max_restarts, step_of_checkpoint(first_resume));
  for (int least = 0;; least = start.attempt + 1) {
    start.attempt = std::max(folder.next_attempt(), least);  // an attempt without logs has left no folder
    start.log_folder = log_folder(folder, start.attempt, progress);
    log.begin_attempt(start.attempt);
    const GroupResult result = one_attempt(job, start, watch, expected, log, progress, summary, on_start);
    if (result.exit_code == exit_code::ok || result.interrupted_by != 0 || max_restarts == 0) return result;
    ResumeChoice newest;
    try {
      newest = newest_of_run(folder.path(), checkpoints);
    } catch (const IoError& error) {  // a restart from an older checkpoint would lose the newer one
      const std::string why = format_text("not restarted: {}", error.what());
      progress.line(why);
      trace("decision", why);
      return result;
    }
    const std::string resume_path = newest.path.empty() ? first_resume : newest.path;
    const auto step = step_of_checkpoint(resume_path);
    const auto next = policy.after({result.exit_code, step}, random_share());
    trace("decision",
          format_text("{}, newest checkpoint: {}", to_text(next), step ? format_text("step {}", *step) : "none"));
    if (!next.wait_s) {
      if (!next.why_not.empty()) progress.line(next.why_not);
      return result;
    }
    if (start.time_limit.over(*next.wait_s)) {
      const std::string why = format_text("not restarted: {}", start.time_limit.told());
      progress.line(why);
      trace("decision", why);
      if (!step) return result;
      if (result.failure)
        for (const std::string& line : failure_report(*result.failure, true)) progress.line(line);
      GroupResult stopped;  // as after a stop signal during the wait below
      stopped.interrupted_by = SIGTERM;
      stopped.saved = stopped.out_of_time = true;
      stopped.exit_code = exit_code::preempted;
      return stopped;
    }
    ++summary.restarts;
    if (result.failure)
      for (const std::string& line : failure_report(*result.failure, true)) progress.line(line);
    for (const std::string& skipped : newest.skipped) progress.line("skipped checkpoint " + skipped);
    const RestartEvent restart{summary.restarts, result.exit_code, *next.wait_s, resume_path};
    progress.line(restart_text(restart, max_restarts, step));
    log.append(restart);
    // After a stop signal during this wait no rank is running, so the last checkpoint is final.
    if (const int signal = wait_unless_told(*next.wait_s)) {
      GroupResult stopped;
      stopped.interrupted_by = signal;
      stopped.saved = signal != SIGINT && step.has_value();
      stopped.exit_code = stopped.saved ? exit_code::preempted : exit_code::signal_base + signal;
      return stopped;
    }
    start.resume_path = resume_path;
  }
}

}  // namespace

GroupResult run_attempts(const Job& job, const RunFolder& folder, WorkerStart start, FolderWatch& watch,
                         const std::optional<Costs>& expected, EventLog& log, Progress& progress, RunSummary& summary,
                         const std::function<void()>& on_start) {
  const std::string checkpoints = checkpoint_dir(job.config.checkpoint, folder.path());
  const GroupResult result =
      all_attempts(job, folder, checkpoints, std::move(start), watch, expected, log, progress, summary, on_start);
  if (result.exit_code != exit_code::ok)
    summary.newest_checkpoint_step = newest_step_of_run(folder.path(), checkpoints);
  return result;
}

}  // namespace tlaunch
