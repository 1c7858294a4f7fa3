#include "launcher/smoke/smoke_record.h"

#include <limits>

#include "launcher/events/event_fields.h"

namespace tlaunch {

void SmokeRecord::on_event(const Json& event) {
  run.on_event(event);
  constexpr double not_told = std::numeric_limits<double>::quiet_NaN();
  const std::string name = event_text(event, "event");
  const int rank = static_cast<int>(event_integer(event, "rank"));
  if (name == "memory") peak_bytes[rank].push_back(event_integer(event, "peak_bytes"));
  if (rank != 0) return;
  if (name == "step") losses[event_integer(event, "step")] = event_real(event, "loss", not_told);
  if (name == "smoke") steps_per_epoch = event_integer(event, "steps_per_epoch");
  if (name == "resume") resumed_step = event_integer(event, "step");
  if (name == "eval") {
    if (event.contains("val_loss")) val_losses.push_back(event_real(event, "val_loss", not_told));
    evaluation_s += event_real(event, "seconds");
    evaluated_samples += event_integer(event, "samples");
    ++evaluations;
  }
  if (name == "checkpoint") {
    checkpoints.push_back({event_text(event, "path"), event_integer(event, "step")});
    checkpoint_s += event_real(event, "seconds");
  }
}

}  // namespace tlaunch
