// summary.json: how a run ended, for scripts; its fields are stable. It is written for a failed run too.
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
  std::string detail;  // figures, and what to do if the check failed
};

struct SmokeVerdict {
  bool passed = false;
  std::vector<Finding> findings;
};

struct RunSummary {
  std::string status;      // completed | failed | preempted (stopped, and saved) | interrupted | hung
  std::string stopped_by;  // max_time | SIGTERM | SIGINT | SIGHUP | SIGUSR1; "": the run was not stopped
  int exit_code = 0;
  std::string run_dir, config, resumed_from;  // absolute; resumed_from is "" for a new run
  RunRecord record;
  double began_s = 0, wall_s = 0;                      // of the whole command: its begin (Unix time) and its duration
  std::optional<std::int64_t> began_step;              // steps that the resumed run had done before
  std::map<std::string, double> spent;                 // seconds of wall_s by part of the estimate
  std::optional<std::int64_t> newest_checkpoint_step;  // of a run that did not complete; empty: there is no checkpoint
  std::int64_t restarts = 0;
  std::set<std::string> incomplete_logs;  // in the run folder: events.jsonl, metrics.csv, logs/attempt_0/rank_1.log
  std::uint64_t log_bytes = 0;            // of the files in the run folder without the checkpoints
  std::optional<TimeEstimate> estimate;
  TimeByPhase training;                    // time by phase over all attempts
  std::vector<std::string> slow_findings;  // advice on slow phases
  std::optional<GroupFailure> failure;
  std::string failure_message;  // GroupFailure::summary_message, or the launcher's own error
  std::optional<SmokeVerdict> smoke;
};

// Sets status, stopped_by, exit_code and failure from the end of the group.
void settle(RunSummary& summary, const GroupResult& group);
// As RunSummary::stopped_by.
std::string stopped_by(const GroupResult& group);

// Why the run ended, in one line: stopped_by, the failure, early_stopping; "" if the run did all its work.
std::string reason_of(const RunSummary& summary);

Json to_json(const RunSummary& summary);
Json to_json(const SmokeVerdict& verdict);

// The lines for people at the end of a run: status, metrics, time against the estimate, failure, folder.
std::vector<std::string> closing_lines(const RunSummary& summary);

// Writes DIR/summary.json atomically. Throws IoError.
void write_summary(const RunSummary& summary);

}  // namespace tlaunch
