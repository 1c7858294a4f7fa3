// When to say how long it still takes: the first estimate once the first steps are known, the time left at each epoch's
// end and now and then in between. Pure: fed with events, which carry their own times.
#pragma once

#include <optional>

#include "core/estimate.h"
#include "core/json.h"
#include "core/run_config.h"
#include "launcher/run_record.h"
#include "tuning/eta.h"
#include "tuning/first_estimate.h"

namespace tlaunch {

struct EtaReport {
  std::optional<TimeEstimate> first;      // made just now: what the whole session takes, start-up included
  std::optional<TimeEstimate> remaining;  // from here to the end, where it is known
  bool announce = false;                  // worth an `eta` event
  bool epoch_ended = false;               // worth a line
};

class EtaTracker {
 public:
  EtaTracker(double session_start_s, const RunConfig& config) : session_start_s_(session_start_s), config_(config) {}

  // `record` has taken the event already.
  EtaReport on_event(const Json& event, const RunRecord& record);

  const std::optional<TimeEstimate>& first() const { return first_; }

 private:
  static constexpr double announce_interval_s = 30;

  SessionWork session_work(const StartFacts& start, std::int64_t step) const;  // from that step on

  double session_start_s_;
  RunConfig config_;                       // for what a checkpoint costs
  std::optional<EtaEstimator> estimator_;  // from the start event on
  std::optional<TimeEstimate> first_;
  std::int64_t last_step_ = 0;
  double announced_s_ = 0;
};

}  // namespace tlaunch
