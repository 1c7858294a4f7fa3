#include "estimate/cost_observer.h"

#include <algorithm>

namespace tlaunch {
namespace {

// The first steps build buckets, pick algorithms and fill caches. An interval that includes some of them still counts
// if it is so long that they hardly matter.
constexpr std::int64_t warm_up_steps = 5, warm_up_does_not_matter_steps = 100;
// Only the latest intervals count, so that the estimate follows a lasting change of pace within some minutes.
constexpr std::size_t most_intervals = 512;

}  // namespace

CostObserver::CostObserver(double session_start_s, std::int64_t first_step, std::optional<TimeRange> expected_step)
    : session_start_s_(session_start_s),
      first_step_(first_step),
      expected_step_(expected_step),
      warm_until_step_(first_step + warm_up_steps) {}

void CostObserver::on_step(double t_s, std::int64_t step) {
  if (!anchored_) {
    anchor(t_s, step);
    return;
  }
  if (step == last_step_ && t_s >= last_s_) return;
  if (step < last_step_) warm_until_step_ = step + warm_up_steps;
  const StepInterval interval{t_s - last_s_ - paused_s_, step - last_step_};
  const bool warm = last_step_ >= warm_until_step_ || interval.steps >= warm_up_does_not_matter_steps;
  if (interval.steps <= 0 || interval.seconds <= 0 || !warm) {
    anchor(t_s, step);
    return;
  }
  intervals_.push_back(interval);
  if (intervals_.size() > most_intervals) intervals_.pop_front();
  last_step_ = step;
  last_s_ = t_s;
  paused_s_ = 0;
}

void CostObserver::anchor(double t_s, std::int64_t step) {
  if (intervals_.empty()) {
    rate_from_step_ = step;
    rate_from_s_ = t_s;
    paused_before_rate_s_ += paused_s_;
  }
  anchored_ = true;
  last_step_ = step;
  last_s_ = t_s;
  paused_s_ = 0;
}

void CostObserver::pause(double seconds) { paused_s_ += std::max(0.0, seconds); }

void CostObserver::on_evaluation(double seconds) {
  evaluation_.add(seconds);
  pause(seconds);
}

void CostObserver::on_save(double seconds) {
  save_.add(seconds);
  pause(seconds);
}

void CostObserver::Cost::add(double seconds) {
  seconds = std::max(0.0, seconds);
  least_s = count == 0 ? seconds : std::min(least_s, seconds);
  most_s = std::max(most_s, seconds);
  sum_s += seconds;
  ++count;
}

TimeRange CostObserver::Cost::each() const {
  const double mean_s = sum_s / static_cast<double>(count);
  // The mean of equal values may differ from them in the last bit.
  return {std::min(least_s, mean_s), mean_s, std::max(most_s, mean_s)};
}

Costs CostObserver::observed(Costs expected) const {
  if (const auto step = step_time()) expected.step = *step;
  if (evaluation_.count > 0) expected.evaluation = evaluation_.each();
  if (save_.count > 0) expected.save_stall = save_.each();
  expected.start_up_s = 0;
  expected.data_wait.reset();  // step events do not separate the wait from the step
  return expected;
}

std::optional<TimeRange> CostObserver::step_time() const {
  if (intervals_.empty()) return expected_step_;
  const std::vector<StepInterval> seen(intervals_.begin(), intervals_.end());
  return expected_step_ ? blended(*expected_step_, seen) : step_time_of(seen);
}

std::optional<double> CostObserver::step_time_s() const {
  const auto step = step_time();
  return step ? std::optional<double>(step->likely_s) : std::nullopt;
}

double CostObserver::start_up_s() const {
  if (!anchored_) return 0;
  const double steps = static_cast<double>(rate_from_step_ - first_step_);
  const double passed_s = rate_from_s_ - session_start_s_ - paused_before_rate_s_;
  return std::max(0.0, passed_s - std::max(0.0, steps) * step_time_s().value_or(0));
}

bool CostObserver::has_seen(const std::string& part) const {
  if (part == "start_up") return anchored_;
  if (part == "steps") return !intervals_.empty();
  if (part == "evaluation") return evaluation_.count > 0;
  return part == "checkpoints" && save_.count > 0;
}

std::map<std::string, double> CostObserver::spent(double now_s, bool all_steps_done) const {
  const double all_s = std::max(0.0, now_s - session_start_s_);
  if (!anchored_) return {{"start_up", all_s}};
  const double up_s = std::min(all_s, start_up_s());
  const double finish_s = all_steps_done ? std::max(0.0, now_s - last_s_ - paused_s_) : 0;
  const double steps_s = all_s - up_s - evaluation_.sum_s - save_.sum_s - finish_s;
  return {{"start_up", up_s},
          {"steps", std::max(0.0, steps_s)},
          {"evaluation", evaluation_.sum_s},
          {"checkpoints", save_.sum_s},
          {"finish", finish_s}};
}

}  // namespace tlaunch
