#include "estimate/eta_tracker.h"

#include <algorithm>
#include <cmath>

#include "core/cadence.h"
#include "core/units.h"

namespace tlaunch {

SessionWork EtaTracker::session_work(const StartEvent& start, const RemainingWork& left) const {
  SessionWork work;
  work.steps = left.steps;
  work.evaluations = left.evaluations;
  work.checkpoints = left.checkpoints;
  if (const auto& minutes = config_.checkpoint.every_minutes) {  // and the last one, which may be all that is left
    const double steps_s = static_cast<double>(left.steps) * estimator_->step_time_s().value_or(0);
    work.checkpoints = std::max(left.checkpoints, times_left_by_clock(left.steps, steps_s, *minutes));
  }
  work.samples_per_step = start.effective_batch_size;
  work.samples_val = start.val_samples;
  work.checkpoint_bytes = predicted_checkpoint_bytes(start.parameters, config_);
  work.async_saves = config_.checkpoint.async;
  work.detection_sessions = start.detection_sessions;
  return work;
}

RemainingWork EtaTracker::remaining_of(const RunRecord& record) const {
  const SessionWork left = session_work(*record.start, remaining_work(record));
  RemainingWork work = with_expected_costs(left, estimator_->step_time_s().value_or(0));
  if (so_far_.expected) {
    work.expected_evaluation_s = so_far_.expected->evaluation_s;
    work.expected_checkpoint_s = so_far_.expected->checkpoint_s;
  }
  if (first_)
    if (const auto finish = first_->parts.find("finish"); finish != first_->parts.end())
      work.finish_s = finish->second.likely_s;
  return work;
}

namespace {

constexpr double least_told_s = 1, told_share = 0.02;  // beyond the range, in seconds and of the estimate

const char* const part_words[][2] = {{"start_up", "start-up takes"},
                                     {"steps", "the steps take"},
                                     {"evaluation", "evaluations take"},
                                     {"checkpoints", "saving takes"},
                                     {"tuning", "tuning took"}};

// As the sessions themselves tell the two apart only at the end.
std::map<std::string, double> data_wait_in_steps(std::map<std::string, double> parts) {
  const auto wait = parts.find("data_wait");
  if (wait == parts.end()) return parts;
  parts["steps"] += wait->second;
  parts.erase("data_wait");
  return parts;
}

}  // namespace

std::map<std::string, double> EtaTracker::spent(double now_s) const {
  if (!estimator_) return {{"start_up", std::max(0.0, now_s - session_start_s_)}};
  return estimator_->spent(now_s, all_steps_done_);
}

bool EtaTracker::has_seen(const std::string& part) const {
  const auto before = so_far_.spent.find(part);
  return estimator_->has_seen(part) || (before != so_far_.spent.end() && before->second > 0);
}

// What differs most from the estimate, of the parts of which one was seen; "" where those are as estimated.
std::string EtaTracker::why(const std::map<std::string, double>& projected) const {
  const auto estimated = data_wait_in_steps(likely_parts(*first_));
  const char* words = nullptr;
  double most_s = 0, now_s = 0, then_s = 0;
  for (const auto& [part, text] : part_words) {
    if (!has_seen(part)) continue;
    const auto is = projected.find(part), was = estimated.find(part);
    const double is_s = is == projected.end() ? 0 : is->second, was_s = was == estimated.end() ? 0 : was->second;
    if (std::abs(is_s - was_s) <= most_s) continue;
    words = text;
    most_s = std::abs(is_s - was_s);
    now_s = is_s;
    then_s = was_s;
  }
  if (words == nullptr) return "";
  return std::string(words) + " " + format_duration(now_s) + " instead of " + format_duration(then_s);
}

void EtaTracker::project(EtaReport& report, double t_s) {
  report.projected_s = t_s - so_far_.began_s + report.remaining->likely_s;
  const double low_s = first_->low_s, high_s = first_->high_s, gone_s = t_s - so_far_.began_s;
  const double margin_s = std::max(least_told_s, told_share * first_->likely_s);
  // All of what is to be expected, not its middle alone: a pace of which little has been seen says little.
  const bool outside =
      gone_s + report.remaining->high_s < low_s - margin_s || gone_s + report.remaining->low_s > high_s + margin_s;
  if (outside && !outside_) {
    auto projected = so_far_.spent;
    for (const auto& parts : {spent(t_s), likely_parts(*report.remaining)})
      for (const auto& [part, seconds] : parts) projected[part] += seconds;
    const std::string cause = why(data_wait_in_steps(projected));
    if (cause.empty()) return;  // nothing that was seen speaks against the estimate yet
    report.left_estimate = "this will take " + format_duration(report.projected_s) + " in all, not the estimated " +
                           format_duration(low_s) + " to " + format_duration(high_s) + ": " + cause;
  }
  if (outside) outside_ = true;
  if (report.projected_s >= low_s && report.projected_s <= high_s) outside_ = false;
}

EtaReport EtaTracker::on_event(const StampedEvent& event, const RunRecord& record) {
  EtaReport report;
  if (event.rank != 0 || !record.start) return report;
  const double t_s = event.t_s;
  const bool ends_a_part = std::visit(
      Overloads{[&](const StartEvent&) {
                  session_ = remaining_work(record);
                  estimator_.emplace(session_start_s_, record.start->start_step,
                                     so_far_.expected ? std::optional(so_far_.expected->step) : std::nullopt);
                  return true;
                },
                [&](const StepEvent&) {
                  if (estimator_) estimator_->on_step(t_s, record.step);
                  all_steps_done_ = all_steps_done_ || remaining_work(record).steps == 0;
                  return true;
                },
                [&](const EvaluationEvent& evaluation) {
                  if (estimator_) estimator_->on_evaluation(evaluation.seconds);
                  return true;
                },
                [&](const CheckpointEvent& saved) {  // the rest is written while training goes on
                  if (estimator_) estimator_->on_checkpoint(saved.stall_s);
                  return false;
                },
                [&](const EpochEndEvent&) { return report.epoch_ended = true; }, [](const auto&) { return false; }},
      event.event);
  if (!estimator_ || !ends_a_part) return report;
  part_began_s_ = t_s;

  report.remaining = estimator_->remaining(remaining_of(record));
  if (!report.remaining) return report;
  if (!announced_s_) report.announce = true;
  if (!first_) {
    first_ = first_estimate(*estimator_, session_work(*record.start, session_));
    for (const auto& [part, seconds] : so_far_.spent) *first_ = with_part(*first_, part, seconds);
    report.first = first_;
  }
  project(report, t_s);
  const double interval_s = std::clamp(report.projected_s / 100, least_interval_s, most_interval_s);
  report.announce = report.announce || report.epoch_ended || t_s - announced_s_ >= interval_s;
  if (report.announce) announced_s_ = t_s;
  return report;
}

namespace {

bool evaluation_is_due(const RunRecord& record) {
  return remaining_work(record).evaluations > remaining_work(*record.start, record.step).evaluations;
}

// The steps until the next evaluation, or the end.
std::int64_t steps_in_a_row(const RunRecord& record) {
  const std::int64_t every = record.start->steps_per_evaluation, left = record.start->total_steps - record.step;
  return every > 0 ? std::min(left, every - record.step % every) : left;
}

std::string late_part(bool evaluating, const std::string& phase) {
  if (evaluating || phase == "evaluation") return "evaluation";
  return phase == "detection" ? "detection" : "saving";
}

}  // namespace

double EtaTracker::part_s(const RunRecord& record, const TimeEstimate& left) const {
  const RemainingWork work = remaining_work(record);
  if (evaluation_is_due(record)) return left.parts.at("evaluation").likely_s / static_cast<double>(work.evaluations);
  if (work.steps == 0) return left.likely_s;
  return left.parts.at("steps").likely_s * static_cast<double>(steps_in_a_row(record)) /
         static_cast<double>(work.steps);
}

EtaLine EtaTracker::line(double now_s, const RunRecord& record, const std::string& phase) const {
  if (!estimator_ || !record.start) return {};
  const auto left = estimator_->remaining(remaining_of(record));
  if (!left) return {};
  const double expected_s = part_s(record, *left), passed_s = std::max(0.0, now_s - part_began_s_);
  const bool evaluating = evaluation_is_due(record), finishing = remaining_work(record).steps == 0;
  const std::string eta = "ETA " + format_time_left(left->likely_s - std::min(passed_s, expected_s));
  if (passed_s <= expected_s || !(evaluating || finishing)) return {eta, ""};
  const std::string late = late_part(evaluating, phase);
  return {finishing ? "finishing: " + late : eta + " after this " + late, late};
}

}  // namespace tlaunch
