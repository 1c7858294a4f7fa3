// Decides when to report an ETA: at each epoch's end, periodically in between, and when the projected total leaves the
// estimated range. Its costs move from the expected ones to the observed ones. Also accounts for the time spent so far,
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

// The whole command so far: tuning, and the sessions before this one.
struct RunSoFar {
  double began_s = 0;  // Unix time
  // Made before the first session; none: this session makes one from its first steps.
  std::optional<TimeEstimate> estimate;
  std::map<std::string, double> spent;  // before this session, by part
  std::optional<Costs> expected;        // the costs behind `estimate` (costs_of()); none if there is no estimate
};

struct EtaReport {
  std::optional<TimeEstimate> first;      // made just now, because there was no earlier estimate
  std::optional<TimeEstimate> remaining;  // from now to the end, if known
  double projected_s = 0;                 // total time of the whole command, if `remaining` is known
  std::string left_estimate;              // a message if the projection has just left the estimated range; else ""
  bool announce = false;                  // worth an `eta` event
  bool epoch_ended = false;               // worth a line
};

struct EtaLine {
  std::string text;  // "ETA 3 min 20 s"; "" if unknown
  std::string late;  // the part that takes longer than expected, so that the ETA stands still; "" if none
};

class EtaTracker {
 public:
  EtaTracker(double session_start_s, const RunConfig& config, RunSoFar so_far)
      : session_start_s_(session_start_s), config_(config), so_far_(std::move(so_far)), first_(so_far_.estimate) {}

  // `record` must already include the event.
  EtaReport on_event(const StampedEvent& event, const RunRecord& record);
  // For the progress line, also between events: subtracts the time that the current part has taken, up to its expected
  // time. `phase`: the phase that rank 0 reports, "" if it reports none.
  EtaLine line(double now_s, const RunRecord& record, const std::string& phase) const;

  const std::optional<TimeEstimate>& first() const { return first_; }
  // This session's time until `now_s`, by the estimate's parts; they add up.
  std::map<std::string, double> spent(double now_s) const;

 private:
  // The interval between two ETAs is a hundredth of the run, within these limits.
  static constexpr double least_interval_s = 1, most_interval_s = 30;

  Work with_saves_by_clock(Work left) const;
  Costs costs(const StartEvent& start, const Work& left) const;            // as far as they are known now
  std::optional<TimeEstimate> remaining(const RunRecord& record) const;    // nothing until a step's time is known
  double part_s(const RunRecord& record, const TimeEstimate& left) const;  // expected time of the current part
  bool has_seen(const std::string& part) const;
  void project(EtaReport& report, double t_s);
  std::string why(const std::map<std::string, double>& projected) const;

  double session_start_s_;
  RunConfig config_;  // for the cost of a checkpoint
  RunSoFar so_far_;
  std::optional<CostObserver> observer_;  // from the start event on
  std::optional<TimeEstimate> first_;
  Work session_;             // of this whole session
  double part_began_s_ = 0;  // time of the latest event that ended a part
  double announced_s_ = 0;
  bool all_steps_done_ = false;
  bool outside_ = false;  // the projection is outside the estimated range
};

}  // namespace tlaunch
