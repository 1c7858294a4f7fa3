#include "estimate/eta.h"

#include <algorithm>

namespace tlaunch {
namespace {

// The first steps build buckets, pick algorithms and fill caches. An interval that holds some of them still counts when
// it is so long that they do not matter.
constexpr std::int64_t warm_up_steps = 5, warm_up_does_not_matter_steps = 100;
// The latest intervals decide, so that a pace that has changed for good is believed within some minutes.
constexpr std::size_t most_intervals = 512;

}  // namespace

EtaEstimator::EtaEstimator(double session_start_s, std::int64_t first_step, std::optional<TimeRange> expected_step)
    : session_start_s_(session_start_s),
      first_step_(first_step),
      expected_step_(expected_step),
      warm_until_step_(first_step + warm_up_steps) {}

void EtaEstimator::on_step(double t_s, std::int64_t step) {
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

void EtaEstimator::anchor(double t_s, std::int64_t step) {
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

void EtaEstimator::pause(double seconds) { paused_s_ += std::max(0.0, seconds); }

void EtaEstimator::on_evaluation(double seconds) {
  evaluation_.add(seconds);
  pause(seconds);
}

void EtaEstimator::on_checkpoint(double seconds) {
  checkpoint_.add(seconds);
  pause(seconds);
}

void EtaEstimator::Cost::add(double seconds) {
  seconds = std::max(0.0, seconds);
  least_s = count == 0 ? seconds : std::min(least_s, seconds);
  most_s = std::max(most_s, seconds);
  sum_s += seconds;
  ++count;
}

// What was only predicted may be half or twice as much.
TimeRange EtaEstimator::Cost::of(std::int64_t times, double expected_s) const {
  const double n = static_cast<double>(std::max<std::int64_t>(0, times));
  if (count == 0) return {n * expected_s / 2, n * expected_s, n * expected_s * 2};
  const double mean_s = sum_s / static_cast<double>(count);
  // The mean of equal values may differ from them in the last bit.
  return {n * std::min(least_s, mean_s), n * mean_s, n * std::max(most_s, mean_s)};
}

std::optional<TimeEstimate> EtaEstimator::remaining(const RemainingWork& work) const {
  const auto step = step_time();
  if (!step) return std::nullopt;
  const double steps = static_cast<double>(std::max<std::int64_t>(0, work.steps));
  const TimeRange evaluations = evaluation_.of(work.evaluations, work.expected_evaluation_s);
  const TimeRange checkpoints = checkpoint_.of(work.checkpoints, work.expected_checkpoint_s);
  const double finish_s = std::max(0.0, work.finish_s);
  TimeEstimate estimate;
  estimate.low_s = steps * step->low_s + evaluations.low_s + checkpoints.low_s + finish_s;
  estimate.likely_s = steps * step->likely_s + evaluations.likely_s + checkpoints.likely_s + finish_s;
  estimate.high_s = steps * step->high_s + evaluations.high_s + checkpoints.high_s + finish_s;
  estimate.parts = {{"start_up", {}},  // behind us
                    {"steps", {steps * step->low_s, steps * step->likely_s, steps * step->high_s}},
                    {"evaluation", evaluations},
                    {"checkpoints", checkpoints}};
  if (finish_s > 0) estimate.parts["finish"] = {finish_s, finish_s, finish_s};
  return estimate;
}

std::optional<TimeRange> EtaEstimator::step_time() const {
  if (intervals_.empty()) return expected_step_;
  const std::vector<StepInterval> seen(intervals_.begin(), intervals_.end());
  return expected_step_ ? blended(*expected_step_, seen) : step_time_of(seen);
}

std::optional<double> EtaEstimator::step_time_s() const {
  const auto step = step_time();
  return step ? std::optional<double>(step->likely_s) : std::nullopt;
}

double EtaEstimator::start_up_s() const {
  if (!anchored_) return 0;
  const double steps = static_cast<double>(rate_from_step_ - first_step_);
  const double passed_s = rate_from_s_ - session_start_s_ - paused_before_rate_s_;
  return std::max(0.0, passed_s - std::max(0.0, steps) * step_time_s().value_or(0));
}

bool EtaEstimator::has_seen(const std::string& part) const {
  if (part == "start_up") return anchored_;
  if (part == "steps") return !intervals_.empty();
  if (part == "evaluation") return evaluation_.count > 0;
  return part == "checkpoints" && checkpoint_.count > 0;
}

std::map<std::string, double> EtaEstimator::spent(double now_s, bool all_steps_done) const {
  const double all_s = std::max(0.0, now_s - session_start_s_);
  if (!anchored_) return {{"start_up", all_s}};
  const double up_s = std::min(all_s, start_up_s());
  const double finish_s = all_steps_done ? std::max(0.0, now_s - last_s_ - paused_s_) : 0;
  const double steps_s = all_s - up_s - evaluation_.sum_s - checkpoint_.sum_s - finish_s;
  return {{"start_up", up_s},
          {"steps", std::max(0.0, steps_s)},
          {"evaluation", evaluation_.sum_s},
          {"checkpoints", checkpoint_.sum_s},
          {"finish", finish_s}};
}

}  // namespace tlaunch
