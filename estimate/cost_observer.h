// Observes what steps, evaluations and saves cost while a session runs. Counts only this session's steps (dividing the
// session's time by all steps of a resumed run would make it look faster than it is) and leaves start-up and the first,
// slower steps out of the step time. Reads no clock: the caller gives the times. Seconds. One thread at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "estimate/costs.h"
#include "estimate/step_time.h"
#include "estimate/time_estimate.h"

namespace tlaunch {

class CostObserver {
 public:
  // `session_start_s`: when the launcher started this session; `first_step`: steps done before it; `expected_step`:
  // the expected time of a step, which counts until enough steps were observed.
  CostObserver(double session_start_s, std::int64_t first_step, std::optional<TimeRange> expected_step = {});
  // A step event: `step` steps are done at time `t_s`. A step that goes back (ranks restarted from a checkpoint) or a
  // clock that goes back restarts the counting and keeps the rate known so far.
  void on_step(double t_s, std::int64_t step);
  void on_evaluation(double seconds);  // an evaluation since the last step event; excluded from the step rate
  void on_save(double seconds);
  // Nothing while unknown: until there is an expected time, or two step events after the warm-up steps.
  std::optional<TimeRange> step_time() const;
  std::optional<double> step_time_s() const;  // the likely step time
  // `expected` with observed costs where there are any: the step time, and the least, mean and most that evaluations
  // and saves took. Start-up is 0, because it is over.
  Costs observed(Costs expected) const;
  // Whether at least one of this part (start_up, steps, evaluation, checkpoints) has ended.
  bool has_seen(const std::string& part) const;
  // The session's time until `now_s` by part: start_up, steps, evaluation, checkpoints, and finish once all steps are
  // done. They add up.
  std::map<std::string, double> spent(double now_s, bool all_steps_done) const;
  // From session start to the first step event, minus the time of the steps done by then at the known rate; 0 before
  // that event.
  double start_up_s() const;

 private:
  // The observed costs of evaluations, or of saves.
  struct Cost {
    std::int64_t count = 0;
    double sum_s = 0, least_s = 0, most_s = 0;
    void add(double seconds);
    TimeRange each() const;  // needs count > 0
  };
  void pause(double seconds);
  void anchor(double t_s, std::int64_t step);

  double session_start_s_;
  std::int64_t first_step_;
  std::optional<TimeRange> expected_step_;
  bool anchored_ = false;         // a step event has arrived: last_* hold it
  std::int64_t warm_until_step_;  // intervals that begin before it are start-up
  std::int64_t last_step_ = 0;
  double last_s_ = 0, paused_s_ = 0;  // pauses since the last step event
  std::int64_t rate_from_step_ = 0;   // where the first counted interval begins (or will begin)
  double rate_from_s_ = 0, paused_before_rate_s_ = 0;
  std::deque<StepInterval> intervals_;
  Cost evaluation_, save_;
};

}  // namespace tlaunch
