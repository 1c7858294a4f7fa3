// Decides when to report an ETA: at each epoch's end, periodically in between, and when the projected total leaves the
// estimated range. Its costs move from what was expected to what is observed. Also accounts for the time spent so far,
// by part. Pure: fed with events, which carry their own times. Seconds. One thread at a time.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/json.h"
#include "config/run_config.h"
#include "contract/run_record.h"
#include "estimate/cost_observer.h"
#include "estimate/costs.h"
#include "estimate/time_estimate.h"

namespace tlaunch {

// The whole command: tuning, this session and those before it.
struct RunSoFar {
  double began_s = 0;  // Unix time
  // Made before the first session; none: this session makes one from its first steps.
  std::optional<TimeEstimate> estimate;
  std::map<std::string, double> spent;  // before this session, by part
  std::optional<Costs> expected;        // behind the estimate (costs_of()); none without one from before
};

struct EtaReport {
  std::optional<TimeEstimate> first;      // made just now, for want of an earlier one
  std::optional<TimeEstimate> remaining;  // from here to the end, where it is known
  double projected_s = 0;                 // then: of the whole command
  std::string left_estimate;              // it has just left the estimate's band: how, and what part is to blame
  bool announce = false;                  // worth an `eta` event
  bool epoch_ended = false;               // worth a line
};

struct EtaLine {
  std::string text;  // "ETA 3 min 20 s"; "" where that is not known
  std::string late;  // the part that takes longer than expected, after which nothing can be counted off
};

class EtaTracker {
 public:
  EtaTracker(double session_start_s, const RunConfig& config, RunSoFar so_far)
      : session_start_s_(session_start_s), config_(config), so_far_(std::move(so_far)), first_(so_far_.estimate) {}

  // `record` has taken the event already.
  EtaReport on_event(const StampedEvent& event, const RunRecord& record);
  // For the progress line, between events too: what the part under way has taken is counted off, up to what it is
  // expected to take. `phase`: what rank 0 says it is at, "" where it does not say.
  EtaLine line(double now_s, const RunRecord& record, const std::string& phase) const;

  const std::optional<TimeEstimate>& first() const { return first_; }
  // This session's time until `now_s` by the estimate's parts; they add up.
  std::map<std::string, double> spent(double now_s) const;

 private:
  // A hundredth of the run, within these.
  static constexpr double least_interval_s = 1, most_interval_s = 30;

  Work with_saves_by_clock(Work left) const;
  Costs costs(const StartEvent& start, const Work& left) const;            // as far as they are known by now
  std::optional<TimeEstimate> remaining(const RunRecord& record) const;    // nothing before a step's time is known
  double part_s(const RunRecord& record, const TimeEstimate& left) const;  // that the part under way is to take
  bool has_seen(const std::string& part) const;
  void project(EtaReport& report, double t_s);
  std::string why(const std::map<std::string, double>& projected) const;

  double session_start_s_;
  RunConfig config_;  // for what a checkpoint costs
  RunSoFar so_far_;
  std::optional<CostObserver> observer_;  // from the start event on
  std::optional<TimeEstimate> first_;
  Work session_;             // all of it
  double part_began_s_ = 0;  // the latest event that ended a part
  double announced_s_ = 0;
  bool all_steps_done_ = false;
  bool outside_ = false;  // of the estimate's band
};

}  // namespace tlaunch
