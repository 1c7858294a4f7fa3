// summary.json: how a run ended, for scripts (design: stable fields). Written also when the run failed.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "contract/run_record.h"
#include "estimate/time_by_phase.h"
#include "estimate/time_estimate.h"
#include "processes/group/supervise.h"

namespace tlaunch {

struct Finding {
  std::string check;  // completed, finite, loss_fell, memory_steady, saved_and_resumed, speed
  bool passed = false;
  std::string detail;  // figures, and what to do where it did not pass
};

struct SmokeVerdict {
  bool passed = false;
  std::vector<Finding> findings;
};

struct RunSummary {
  std::string status;      // completed | failed | preempted (told to stop, saved) | interrupted | hung
  std::string stopped_by;  // who told it to: max_time | SIGTERM | SIGINT | SIGHUP | SIGUSR1; "": nobody
  int exit_code = 0;
  std::string run_dir, config, resumed_from;  // absolute; resumed_from "" where it started anew
  RunRecord record;
  double began_s = 0, wall_s = 0;                      // the whole command: when it began (Unix time), and what it took
  std::optional<std::int64_t> began_step;              // steps that a run before it had done
  std::map<std::string, double> spent;                 // that by the estimate's parts
  std::optional<std::int64_t> newest_checkpoint_step;  // of a run that did not complete; none: nothing to go on from
  std::int64_t restarts = 0;
  std::set<std::string> incomplete_logs;  // in the run folder: events.jsonl, metrics.csv, logs/attempt_0/rank_1.log
  std::uint64_t log_bytes = 0;            // of what the run folder holds beside checkpoints
  std::optional<TimeEstimate> estimate;
  TimeByPhase training;                    // where its time went, restarts together
  std::vector<std::string> slow_findings;  // what to change about it
  std::optional<GroupFailure> failure;
  std::string failure_message;  // GroupFailure::summary_message, or what the launcher itself failed with
  std::optional<SmokeVerdict> smoke;
};

// status, stopped_by, exit_code and failure from how the group ended.
void settle(RunSummary& summary, const GroupResult& group);
// As RunSummary::stopped_by.
std::string stopped_by(const GroupResult& group);

// Why it ended, in a line: stopped_by, the failure, early_stopping; "" of a run that did all its work.
std::string reason_of(const RunSummary& summary);

Json to_json(const RunSummary& summary);
Json to_json(const SmokeVerdict& verdict);

// The lines that end a run, for people: status, metrics, time against the estimate, failure, folder.
std::vector<std::string> closing_lines(const RunSummary& summary);

// Writes DIR/summary.json whole or not at all. Throws IoError.
void write_summary(const RunSummary& summary);

}  // namespace tlaunch
