#include "launcher/eta_tracker.h"

#include <algorithm>

#include "core/cadence.h"
#include "launcher/event_fields.h"

namespace tlaunch {

SessionWork EtaTracker::session_work(const StartFacts& start, std::int64_t step) const {
  const RemainingWork left = remaining_work(start, step);
  SessionWork work;
  work.steps = left.steps;
  work.evaluations = left.evaluations;
  work.checkpoints = left.checkpoints;
  if (const auto& minutes = config_.checkpoint.every_minutes)
    work.checkpoints = times_left_by_clock(
        left.steps, static_cast<double>(left.steps) * estimator_->step_time_s().value_or(0), *minutes);
  work.samples_per_step = start.effective_batch_size;
  work.samples_val = start.val_samples;
  work.checkpoint_bytes = predicted_checkpoint_bytes(start.parameters, config_);
  work.async_saves = config_.checkpoint.async;
  return work;
}

EtaReport EtaTracker::on_event(const Json& event, const RunRecord& record) {
  EtaReport report;
  if (event_integer(event, "rank") != 0 || !record.start) return report;
  const std::string name = event_text(event, "event");
  const double t_s = event_real(event, "t");
  if (name == "start") estimator_.emplace(session_start_s_, record.start->start_step);
  if (!estimator_) return report;
  if (name == "step") {
    last_step_ = event_integer(event, "step");
    estimator_->on_step(t_s, last_step_);
  }
  if (name == "eval") estimator_->on_evaluation(event_real(event, "seconds"));
  if (name == "checkpoint") estimator_->on_checkpoint(event_real(event, "stall_s"));  // the rest is written while training goes on
  // After an epoch's last step come its evaluation, its checkpoint and then this.
  report.epoch_ended = name == "memory";
  if (report.epoch_ended)
    last_step_ = std::max(last_step_, event_integer(event, "epoch") * record.start->steps_per_epoch);
  if (name != "step" && !report.epoch_ended) return report;

  const SessionWork left = session_work(*record.start, last_step_);
  report.remaining = estimator_->remaining(with_expected_costs(left, estimator_->step_time_s().value_or(0)));
  if (!report.remaining) return report;
  if (!first_) {
    first_ = report.first = first_estimate(*estimator_, session_work(*record.start, record.start->start_step));
    report.announce = true;
  }
  report.announce = report.announce || report.epoch_ended || t_s - announced_s_ >= announce_interval_s;
  if (report.announce) announced_s_ = t_s;
  return report;
}

}  // namespace tlaunch
