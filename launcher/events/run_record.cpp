#include "launcher/events/run_record.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/cadence.h"
#include "launcher/events/event_fields.h"

namespace tlaunch {
namespace {

StartFacts start_of(const Json& event) {
  StartFacts facts;
  facts.device = event_text(event, "device");
  facts.train_samples = event_integer(event, "train_samples");
  facts.val_samples = event_integer(event, "val_samples");
  facts.effective_batch_size = event_integer(event, "effective_batch_size");
  facts.parameters = event_integer(event, "parameters");
  facts.steps_per_epoch = event_integer(event, "steps_per_epoch");
  facts.total_steps = event_integer(event, "total_steps");
  facts.start_step = event_integer(event, "start_step");
  facts.steps_per_evaluation = event_integer(event, "steps_per_evaluation");
  facts.steps_per_checkpoint = event_integer(event, "steps_per_checkpoint");
  facts.evaluation_due = event.value("evaluation_due", Json(false)) == Json(true);
  facts.detection_sessions = event_integer(event, "detection_sessions");
  return facts;
}

EndFacts end_of(const Json& event) {
  EndFacts facts;
  facts.steps = event_integer(event, "steps");
  facts.epochs = event_integer(event, "epochs");
  facts.samples = event_integer(event, "samples");
  facts.steady_samples_per_s = event_real(event, "steady_samples_per_s");
  facts.stopped_early = event.value("stopped_early", Json(false)) == Json(true);
  return facts;
}

std::string place_of(const Json& event) {
  const std::string phase = event_text(event, "phase");
  return phase.empty() ? "" : "step " + std::to_string(event_integer(event, "step")) + ", " + phase;
}

// An evaluation's figures are all its numbers that are no position or duration.
void take_metrics(const Json& event, std::map<std::string, double>& metrics) {
  constexpr std::array<std::string_view, 7> others = {"t", "event", "rank", "step", "epoch", "samples", "seconds"};
  for (const auto& [key, value] : event.items())
    if (std::find(others.begin(), others.end(), key) == others.end() && (value.is_number() || value.is_string()))
      metrics[key] = event_real(event, key.c_str(), metrics[key]);
}

}  // namespace

void RunRecord::on_event(const Json& event) {
  const std::string name = event_text(event, "event");
  const int rank = static_cast<int>(event_integer(event, "rank"));
  if (name == "failure") {
    if (failures.empty()) failure_place = place_of(event);
    failures.emplace(rank, event_text(event, "message"));
  }
  if (name == "log_incomplete") incomplete_logs.insert(event_text(event, "file"));
  if (name == "peak") peak_bytes = std::max(peak_bytes, static_cast<std::uint64_t>(event_integer(event, "peak_bytes")));
  if (rank != 0) return;
  if (name == "start") {
    start = start_of(event);
    step = start->start_step;
    epoch = start->steps_per_epoch > 0 ? step / start->steps_per_epoch : 0;
    samples = step * start->effective_batch_size;
    evaluated_step = saved_step = step - (start->evaluation_due ? 1 : 0);
    disk_estimate_bytes = static_cast<std::uint64_t>(event_integer(event, "disk_bytes"));
  } else if (name == "checkpoint") {
    saved_step = std::max(saved_step, event_integer(event, "step"));
    checkpoint_peak_bytes =
        std::max(checkpoint_peak_bytes, static_cast<std::uint64_t>(event_integer(event, "folder_bytes")));
  } else if (name == "step") {
    const std::int64_t before = step;
    step = event_integer(event, "step", step);
    const bool back = step <= before;  // rolled back: what followed is done again
    evaluated_step = back ? step - 1 : std::max(evaluated_step, step - 1);
    saved_step = back ? step - 1 : std::max(saved_step, step - 1);
    epoch = event_integer(event, "epoch", epoch);
    loss = event_real(event, "loss", loss);
    samples = event_integer(event, "samples", samples);
    samples_per_s = event_real(event, "samples_per_s", samples_per_s);
    metrics["train_loss"] = loss;
  } else if (name == "eval") {
    step = event_integer(event, "step", step);
    epoch = event_integer(event, "epoch", epoch);
    evaluated_step = std::max(evaluated_step, step);
    take_metrics(event, metrics);
  } else if (name == "memory" && start && start->steps_per_epoch > 0) {
    // An epoch's end: its evaluation and its checkpoint are behind it; its last step need not have been logged.
    const auto end_step = std::min(event_integer(event, "epoch") * start->steps_per_epoch, start->total_steps);
    evaluated_step = std::max(evaluated_step, end_step);
    saved_step = std::max(saved_step, end_step);
  } else if (name == "stopped") {
    stopped = true;
    step = event_integer(event, "step", step);
    epoch = event_integer(event, "epoch", epoch);
    samples = event_integer(event, "samples", samples);
  } else if (name == "end") {
    end = end_of(event);
    step = end->steps;
    epoch = end->epochs;
    samples = end->samples;
    if (const auto found = event.find("metrics"); found != event.end() && found->is_object())
      take_metrics(*found, metrics);
  }
}

namespace {

RemainingWork remaining_after(const StartFacts& start, std::int64_t step, std::int64_t evaluated_step,
                              std::int64_t saved_step) {
  RemainingWork work;
  work.steps = std::max<std::int64_t>(start.total_steps - step, 0);
  work.evaluations = times_left(start.total_steps, evaluated_step, start.steps_per_evaluation);
  work.checkpoints = times_left(start.total_steps, saved_step, start.steps_per_checkpoint);
  return work;
}

}  // namespace

RemainingWork remaining_work(const StartFacts& start, std::int64_t step) {
  return remaining_after(start, step, step, step);
}

RemainingWork remaining_work(const RunRecord& record) {
  return remaining_after(*record.start, std::max(record.step, record.evaluated_step), record.evaluated_step,
                         record.saved_step);
}

}  // namespace tlaunch
