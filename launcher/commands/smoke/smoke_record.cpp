#include "launcher/commands/smoke/smoke_record.h"

#include <limits>

namespace tlaunch {

void SmokeRecord::on_event(const StampedEvent& event) {
  run.on_event(event);
  if (writer_of(event.event) == Writer::rank_0 && event.rank != 0) return;
  constexpr double not_reported = std::numeric_limits<double>::quiet_NaN();
  std::visit(Overloads{[&](const MemoryEvent& memory) {
                         peak_bytes[event.rank].push_back(static_cast<std::int64_t>(memory.peak_bytes));
                       },
                       [&](const StepEvent& done) { losses[done.step] = done.loss.value_or(not_reported); },
                       [&](const SmokeEvent& smoke) { steps_per_epoch = smoke.steps_per_epoch; },
                       [&](const ResumeEvent& resumed) { resumed_step = resumed.step; },
                       [&](const EvaluationEvent& done) {
                         const auto val_loss = done.metrics.find("val_loss");
                         if (val_loss != done.metrics.end()) val_losses.push_back(val_loss->second);
                         evaluation_s += done.seconds;
                         evaluated_samples += done.samples;
                         ++evaluations;
                       },
                       [&](const CheckpointEvent& saved) {
                         checkpoints.push_back({saved.path, saved.step});
                         checkpoint_s += saved.seconds;
                       },
                       [](const auto&) {}},
             event.event);
}

}  // namespace tlaunch
