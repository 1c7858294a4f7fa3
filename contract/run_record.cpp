#include "contract/run_record.h"

#include <algorithm>

#include "base/text.h"

namespace tlaunch {
namespace {

std::string place_of(const FailureEvent& failure) {
  return failure.phase.empty() ? "" : format_text("step {}, {}", failure.step, failure.phase);
}

void on_start(RunRecord& record, const StartEvent& start) {
  record.start = start;
  record.step = start.start_step;
  record.epoch = start.steps_per_epoch > 0 ? record.step / start.steps_per_epoch : 0;
  record.samples = record.step * start.effective_batch_size;
  record.evaluated_step = record.saved_step = record.step - (start.evaluation_due ? 1 : 0);
  record.disk_estimate_bytes = start.disk_bytes;
}

void on_step(RunRecord& record, const StepEvent& event) {
  const bool back = event.step <= record.step;  // after a rollback the later steps are repeated
  record.step = event.step;
  record.evaluated_step = back ? event.step - 1 : std::max(record.evaluated_step, event.step - 1);
  record.saved_step = back ? event.step - 1 : std::max(record.saved_step, event.step - 1);
  record.epoch = event.epoch.value_or(record.epoch);
  record.loss = event.loss.value_or(record.loss);
  record.samples = event.samples.value_or(record.samples);
  record.samples_per_s = event.samples_per_s.value_or(record.samples_per_s);
  record.metrics["train_loss"] = record.loss;
}

void take_metrics(RunRecord& record, const Metrics& metrics) {
  for (const auto& [name, value] : metrics) record.metrics[name] = value;
}

void on_evaluation(RunRecord& record, const EvaluationEvent& event) {
  record.step = event.step;
  record.epoch = event.epoch.value_or(record.epoch);
  record.evaluated_step = std::max(record.evaluated_step, event.step);
  take_metrics(record, event.metrics);
}

// The epoch's evaluation and checkpoint are done, even if its last step was not logged. Only after the last epoch they
// are still due.
void on_epoch_end(RunRecord& record, const EpochEndEvent& event) {
  if (record.start && event.step >= record.start->total_steps) return;
  record.evaluated_step = std::max(record.evaluated_step, event.step);
  record.saved_step = std::max(record.saved_step, event.step);
}

void on_stopped(RunRecord& record, const StoppedEvent& event) {
  record.stopped = true;
  record.step = event.step;
  record.epoch = event.epoch;
  record.samples = event.samples;
}

void on_end(RunRecord& record, const EndEvent& event) {
  record.end = event;
  record.step = event.steps;
  record.epoch = event.epochs;
  record.samples = event.samples;
  take_metrics(record, event.metrics);
}

}  // namespace

void RunRecord::on_event(const StampedEvent& event) {
  if (writer_of(event.event) == Writer::rank_0 && event.rank != 0) return;
  std::visit(Overloads{[&](const FailureEvent& failure) {
                         if (failures.empty()) failure_place = place_of(failure);
                         failures.emplace(event.rank, failure.message);
                       },
                       [&](const LogIncompleteEvent& log) { incomplete_logs.insert(log.file); },
                       [&](const PeakEvent& peak) { peak_bytes = std::max(peak_bytes, peak.peak_bytes); },
                       [&](const StartEvent& begun) { on_start(*this, begun); },
                       [&](const StepEvent& done) { on_step(*this, done); },
                       [&](const EvaluationEvent& done) { on_evaluation(*this, done); },
                       [&](const EpochEndEvent& done) { on_epoch_end(*this, done); },
                       [&](const CheckpointEvent& saved) {
                         saved_step = std::max(saved_step, saved.step);
                         checkpoint_peak_bytes = std::max(checkpoint_peak_bytes, saved.folder_bytes);
                       },
                       [&](const StoppedEvent& told) { on_stopped(*this, told); },
                       [&](const EndEvent& done) { on_end(*this, done); }, [](const auto&) {}},
             event.event);
}

}  // namespace tlaunch
