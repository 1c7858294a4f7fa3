// One group of workers while it trains: takes its events, writes events.jsonl, shows the progress and the lines of
// launcher/narration/narrator.h, estimates the time. One thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "contract/run_record.h"
#include "estimate/eta_tracker.h"
#include "estimate/time_by_phase.h"
#include "estimate/time_estimate.h"
#include "launcher/narration/event_log.h"
#include "launcher/narration/progress.h"
#include "processes/group/time_limit.h"
#include "processes/hang/hang_verdict.h"

namespace tlaunch {

class Session {
 public:
  // `log` and `progress` outlive the session. The session begins now.
  Session(EventLog& log, Progress& progress);  // without estimates: a smoke test's shortened epochs would mislead
  Session(EventLog& log, Progress& progress, const RunConfig& config, const RunSoFar& so_far);

  void on_event(const StampedEvent& event);
  void on_heartbeat(int rank, const HeartbeatEvent& beat);
  // Reports the hang, before the stacks are saved in `log_folder` and the group is ended.
  void on_hang(const HangVerdict& verdict, const std::string& log_folder);
  // Shows the changes since the last call; called several times per second.
  void on_tick();

  const RunRecord& record() const { return record_; }
  const TimeByPhase& time_by_phase() const { return time_by_phase_; }
  // The estimate made before the run, or else the one made after the first steps.
  std::optional<TimeEstimate> estimate() const { return eta_ ? eta_->first() : std::nullopt; }
  // Seconds until now, by part.
  std::map<std::string, double> spent() const;
  double wall_s() const;

 private:
  void show(const std::vector<std::string>& lines);
  void report(const EtaReport& due);

  EventLog& log_;
  Progress& progress_;
  double start_s_;
  std::optional<EtaTracker> eta_;
  TimeLimit max_time_;  // of the config
  RunRecord record_;
  TimeByPhase time_by_phase_;
  std::string phase_;  // last phase that rank 0 reported
  std::int64_t shown_step_ = -1;
  EtaLine shown_eta_;
};

}  // namespace tlaunch
