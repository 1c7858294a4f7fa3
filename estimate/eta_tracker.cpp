#include "estimate/eta_tracker.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "base/units.h"
#include "config/cadence.h"

namespace tlaunch {

Work EtaTracker::with_saves_by_clock(Work left) const {
  if (const auto& minutes = config_.checkpoint.every_minutes) {  // left.saves includes only the last one
    const double steps_s = static_cast<double>(left.steps) * observer_->step_time_s().value_or(0);
    left.saves = std::max(left.saves, times_left_by_clock(left.steps, steps_s, *minutes));
  }
  return left;
}

Costs EtaTracker::costs(const StartEvent& start, const Work& left) const {
  Costs expected = guessed_costs(sizes_of(start, config_), left, observer_->step_time().value_or(TimeRange{}));
  if (so_far_.expected) {
    expected.evaluation = so_far_.expected->evaluation;
    expected.save_stall = so_far_.expected->save_stall;
  }
  if (first_)
    if (const auto finish = first_->parts.find("finish"); finish != first_->parts.end())
      expected.finish_s = finish->second.likely_s;
  return observer_->observed(expected);
}

std::optional<TimeEstimate> EtaTracker::remaining(const RunRecord& record) const {
  if (!observer_->step_time()) return std::nullopt;
  const Work left = with_saves_by_clock(work_left(record));
  return estimate_time(left, costs(*record.start, left));
}

namespace {

// How far beyond the range the projection must be to be reported: in seconds, and as a share of the estimate.
constexpr double least_reported_s = 1, reported_share = 0.02;

const char* const part_words[][2] = {{"start_up", "start-up takes"},
                                     {"steps", "the steps take"},
                                     {"evaluation", "evaluations take"},
                                     {"checkpoints", "saving takes"},
                                     {"tuning", "tuning took"}};

// Adds the wait for data to the steps, because a session can separate the two only at its end.
std::map<std::string, double> data_wait_in_steps(std::map<std::string, double> parts) {
  const auto wait = parts.find("data_wait");
  if (wait == parts.end()) return parts;
  parts["steps"] += wait->second;
  parts.erase("data_wait");
  return parts;
}

}  // namespace

std::map<std::string, double> EtaTracker::spent(double now_s) const {
  if (!observer_) return {{"start_up", std::max(0.0, now_s - session_start_s_)}};
  return observer_->spent(now_s, all_steps_done_);
}

bool EtaTracker::has_seen(const std::string& part) const {
  const auto before = so_far_.spent.find(part);
  return observer_->has_seen(part) || (before != so_far_.spent.end() && before->second > 0);
}

// The part that differs most from the estimate, among those observed so far; "" if they are as estimated.
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
  return format_text("{} {} instead of {}", words, format_duration(now_s), format_duration(then_s));
}

void EtaTracker::project(EtaReport& report, double t_s) {
  report.projected_s = t_s - so_far_.began_s + report.remaining->likely_s;
  const double low_s = first_->low_s, high_s = first_->high_s, gone_s = t_s - so_far_.began_s;
  const double margin_s = std::max(least_reported_s, reported_share * first_->likely_s);
  // The whole range must be outside, not only its middle: a pace that was observed briefly is uncertain.
  const bool outside =
      gone_s + report.remaining->high_s < low_s - margin_s || gone_s + report.remaining->low_s > high_s + margin_s;
  if (outside && !outside_) {
    auto projected = so_far_.spent;
    for (const auto& parts : {spent(t_s), likely_parts(*report.remaining)})
      for (const auto& [part, seconds] : parts) projected[part] += seconds;
    const std::string cause = why(data_wait_in_steps(projected));
    if (cause.empty()) return;  // no observed part contradicts the estimate yet
    report.left_estimate =
        format_text("this will take {} in all, not the estimated {} to {}: {}", format_duration(report.projected_s),
                    format_duration(low_s), format_duration(high_s), cause);
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
                  session_ = work_left(record);
                  observer_.emplace(session_start_s_, record.start->start_step,
                                    so_far_.expected ? std::optional(so_far_.expected->step) : std::nullopt);
                  return true;
                },
                [&](const StepEvent&) {
                  if (observer_) observer_->on_step(t_s, record.step);
                  all_steps_done_ = all_steps_done_ || work_left(record).steps == 0;
                  return true;
                },
                [&](const EvaluationEvent& evaluation) {
                  if (observer_) observer_->on_evaluation(evaluation.seconds);
                  return true;
                },
                [&](const CheckpointEvent& saved) {  // the rest is written while training continues
                  if (observer_) observer_->on_save(saved.stall_s);
                  return false;
                },
                [&](const EpochEndEvent&) { return report.epoch_ended = true; }, [](const auto&) { return false; }},
      event.event);
  if (!observer_ || !ends_a_part) return report;
  part_began_s_ = t_s;

  report.remaining = remaining(record);
  if (!report.remaining) return report;
  if (!announced_s_) report.announce = true;
  if (!first_) {
    const Work work = with_saves_by_clock(session_);
    Costs session = costs(*record.start, work);
    session.start_up_s = observer_->start_up_s();
    first_ = estimate_time(work, session);
    for (const auto& [part, seconds] : so_far_.spent) *first_ = with_part(*first_, part, exactly(seconds));
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
  return work_left(record).evaluations > work_left(*record.start, record.step).evaluations;
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
  const Work work = work_left(record);
  if (evaluation_is_due(record)) return left.parts.at("evaluation").likely_s / static_cast<double>(work.evaluations);
  if (work.steps == 0) return left.likely_s;
  return left.parts.at("steps").likely_s * static_cast<double>(steps_in_a_row(record)) /
         static_cast<double>(work.steps);
}

EtaLine EtaTracker::line(double now_s, const RunRecord& record, const std::string& phase) const {
  if (!observer_ || !record.start) return {};
  const auto left = remaining(record);
  if (!left) return {};
  const double expected_s = part_s(record, *left), passed_s = std::max(0.0, now_s - part_began_s_);
  const bool evaluating = evaluation_is_due(record), finishing = work_left(record).steps == 0;
  const std::string eta = format_text("ETA {}", format_time_left(left->likely_s - std::min(passed_s, expected_s)));
  if (passed_s <= expected_s || !(evaluating || finishing)) return {eta, ""};
  const std::string late = late_part(evaluating, phase);
  return {finishing ? format_text("finishing: {}", late) : format_text("{} after this {}", eta, late), late};
}

}  // namespace tlaunch
