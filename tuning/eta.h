// Time left, from observed steps. Counts only this session's steps (the classic ETA bug after a resume counts the
// session's time against all steps ever done: sources B) and leaves start-up and the first, slower steps out of the rate.
// Pure: times are given, no clock is read.
#pragma once

#include <cstdint>
#include <optional>

#include "core/estimate.h"

namespace tlaunch {

// What remains to be done beside plain steps, and what one of each has cost so far.
struct RemainingWork {
  std::int64_t steps = 0, evaluations = 0, checkpoints = 0;
};

class EtaEstimator {
 public:
  // `session_start_s`: when the launcher started this session; `first_step`: steps done before it.
  EtaEstimator(double session_start_s, std::int64_t first_step);
  // A step event: `step` steps are done at time `t_s`.
  void on_step(double t_s, std::int64_t step);
  void on_evaluation(double seconds);  // their time is taken out of the step rate
  void on_checkpoint(double seconds);
  // Nothing before the rate is known (two step events past the warm-up steps).
  std::optional<TimeEstimate> remaining(const RemainingWork& work) const;
  std::optional<double> step_time_s() const;
  double start_up_s() const;           // from session start to the first step event; 0 before it

 private:
  double session_start_s_;
  std::int64_t first_step_;
  std::int64_t warm_step_ = -1, last_step_ = -1;
  double first_event_s_ = 0, warm_s_ = 0, last_s_ = 0, paused_since_warm_s_ = 0;
  double evaluation_s_ = 0, checkpoint_s_ = 0;
  std::int64_t evaluations_ = 0, checkpoints_ = 0;
};

}  // namespace tlaunch
