// When to say how long it still takes: the time left at each epoch's end and now and then in between, where the run
// will end by that, and when that leaves the estimate. Keeps the books: what the time went to. Pure: fed with events,
// which carry their own times.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "contract/run_record.h"
#include "core/json.h"
#include "core/run_config.h"
#include "estimate/eta.h"
#include "estimate/first_estimate.h"
#include "estimate/time_estimate.h"

namespace tlaunch {

// The whole command: tuning, this session and those before it.
struct RunSoFar {
  double began_s = 0;  // Unix time
  std::optional<TimeEstimate>
      estimate;  // made before the first session; none: this session makes one from its first steps
  std::map<std::string, double> spent;    // before this session, by part
  std::optional<ExpectedCosts> expected;  // of the estimate
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

  SessionWork session_work(const StartEvent& start, const RemainingWork& left) const;
  RemainingWork remaining_of(const RunRecord& record) const;               // with what each is expected to cost
  double part_s(const RunRecord& record, const TimeEstimate& left) const;  // that the part under way is to take
  bool has_seen(const std::string& part) const;
  void project(EtaReport& report, double t_s);
  std::string why(const std::map<std::string, double>& projected) const;

  double session_start_s_;
  RunConfig config_;  // for what a checkpoint costs
  RunSoFar so_far_;
  std::optional<EtaEstimator> estimator_;  // from the start event on
  std::optional<TimeEstimate> first_;
  RemainingWork session_;    // all of it
  double part_began_s_ = 0;  // the latest event that ended a part
  double announced_s_ = 0;
  bool all_steps_done_ = false;
  bool outside_ = false;  // of the estimate's band
};

}  // namespace tlaunch
