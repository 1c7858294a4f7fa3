#include "launcher/narration/narrator.h"

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "config/config_value.h"
#include "launcher/narration/progress.h"

namespace tlaunch {
namespace {

using Lines = std::vector<std::string>;

constexpr double noticeable_wait_s = 0.1;

// One overload per event: a new event does not compile until somebody decides what to print for it.
struct Narrator {
  const NarrationContext& context;
  int rank;

  Lines operator()(const StartEvent& event) const {
    std::string text = format_text("training starts on {} after {}", event.device, format_duration(context.elapsed_s));
    if (context.whole_run)
      text += format_text(": {} samples, {} steps per epoch, {} steps in all", event.train_samples,
                          event.steps_per_epoch, event.total_steps);
    Lines lines{text};
    if (event.fitted_save_top_k)
      lines.push_back(
          format_text("the disk is too small for all checkpoints of the config; this run uses "
                      "checkpoint.save_top_k={}, save_last={}",
                      *event.fitted_save_top_k, event.fitted_save_last.value_or(true) ? "true" : "false"));
    return lines;
  }

  Lines operator()(const EvaluationEvent& event) const { return {evaluation_text(event)}; }

  Lines operator()(const CheckpointEvent& event) const {
    Lines lines;
    if (event.wait_s > noticeable_wait_s)
      lines.push_back(format_text(
          "saving took longer than the time between two saves: training waited {}; save less often, or on a "
          "faster disk",
          format_duration(event.wait_s)));
    if (event.problem) lines.push_back("note: " + *event.problem);
    if (event.gone)
      lines.push_back(
          format_text("warning: {} was moved or deleted during the run. It was created again for {}; earlier files are "
                      "not in it",
                      *event.gone, event.path));
    return lines;
  }

  Lines operator()(const SaveFailedEvent& event) const {
    std::string text =
        format_text("could not save the checkpoint of step {}: {}. Training continues, earlier checkpoints are intact",
                    event.step, event.message);
    if (!event.deleted.empty())
      text += format_text(". To free space, {} was deleted and one fewer checkpoint is kept", event.deleted);
    return {text};
  }

  Lines operator()(const ResumeEvent& event) const {
    Lines lines{format_text("resumed at step {} from {}", event.step, event.path)};
    if (event.note) lines.push_back("note: " + *event.note);
    return lines;
  }

  Lines operator()(const WeightsEvent& event) const { return {"note: " + event.note}; }

  Lines operator()(const SmokeEvent& event) const {
    return {format_text("epochs are shortened to {} steps", event.steps_per_epoch)};
  }

  // Names the setting that fits, for the next start of this job.
  Lines operator()(const StepDownEvent& event) const {
    return {
        format_text("rank {} ran out of memory ({} of step {}); the step is repeated with smaller micro-batches. To "
                    "start with them, set train.batch_size={} (gradient_accumulation_steps={})",
                    rank, event.phase, event.step, event.micro_batch, event.accumulation)};
  }

  // It happens between steps, so no training is lost.
  Lines operator()(const ShortageEvent& event) const {
    const std::string advice = format_text("To leave more memory free, set train.batch_size={}", event.micro_batch);
    if (event.action == "skipped")
      return {
          format_text("warning: no checkpoint was saved at step {}: memory ran out twice while the tensors "
                      "were copied. Training continues. {}",
                      event.step, advice)};
    const std::string how =
        event.action == "halved" ? format_text("in batches of {}", event.batch) : "with emptied caches";
    return {format_text("rank {} ran out of memory ({} after step {}); the {} is repeated {}. {}", rank, event.phase,
                        event.step, event.phase, how, advice)};
  }

  Lines operator()(const NanEvent& event) const {
    if (event.action == "rollback")
      return {format_text("back from step {} to step {}, learning rate x{}: non-finite gradients", event.step,
                          event.to_step.value_or(0), to_text(event.learning_rate_factor.value_or(1)))};
    return {format_text("skipped {} updates up to step {}: non-finite gradients", event.count.value_or(0), event.step)};
  }

  // Each rank writes a profile; one line is enough.
  Lines operator()(const ProfileEvent& event) const {
    if (rank != 0) return {};
    return {format_text("profile of {} steps: {}, and {} for chrome://tracing or Perfetto", event.steps, event.table,
                        event.trace)};
  }

  Lines operator()(const LogFailedEvent& event) const { return {"warning: " + event.message}; }

  // The events below are shown elsewhere: by the progress line, ...
  Lines operator()(const StepEvent&) const { return {}; }
  Lines operator()(const HeartbeatEvent&) const { return {}; }
  // ... by the lines that end a run (launcher/run/summary.h), ...
  Lines operator()(const DetectionEvent&) const { return {}; }
  Lines operator()(const FailureEvent&) const { return {}; }
  Lines operator()(const StoppedEvent&) const { return {}; }
  Lines operator()(const EndEvent&) const { return {}; }
  Lines operator()(const LogIncompleteEvent&) const { return {}; }
  Lines operator()(const PhaseTimesEvent&) const { return {}; }
  // ... by the supervisor (processes/group/supervise.h), ...
  Lines operator()(const ToldToStopEvent&) const { return {}; }
  // ... only in events.jsonl and summary.json, ...
  Lines operator()(const EpochEndEvent&) const { return {}; }
  Lines operator()(const MemoryEvent&) const { return {}; }
  Lines operator()(const PeakEvent&) const { return {}; }
  Lines operator()(const RankDoneEvent&) const { return {}; }
  Lines operator()(const GpuEvent&) const { return {}; }
  Lines operator()(const OtherEvent&) const { return {}; }
  // ... or, for events of the launcher, by the functions below.
  Lines operator()(const EtaEvent&) const { return {}; }
  Lines operator()(const RestartEvent&) const { return {}; }
  Lines operator()(const HangEvent&) const { return {}; }
  Lines operator()(const PredictionEvent&) const { return {}; }
};

}  // namespace

Lines narrate(const StampedEvent& event, const NarrationContext& context) {
  if (writer_of(event.event) == Writer::rank_0 && event.rank != 0) return {};
  return std::visit(Narrator{context, event.rank}, event.event);
}

std::string estimate_text(const TimeEstimate& estimate) {
  return format_text("time estimate: {} in all ({} to {})", format_duration(estimate.likely_s),
                     format_duration(estimate.low_s), format_duration(estimate.high_s));
}

std::string eta_text(const EtaEvent& eta) {
  return format_text("ETA {} (in all {}, estimated {})", format_time_left(eta.likely_s),
                     format_duration(eta.projected_s), format_duration(eta.estimated_s));
}

std::string restart_text(const RestartEvent& restart, std::int64_t max_restarts, std::optional<std::int64_t> step) {
  return format_text("restart {} of {} in {}, from {}", restart.restart, max_restarts, format_duration(restart.wait_s),
                     step ? format_text("step {}", *step) : "the start");
}

Lines hang_lines(const HangVerdict& verdict, const std::string& stacks_folder) {
  constexpr std::size_t most_places = 4;
  Lines places = verdict.places;
  if (places.size() > most_places) {
    places.resize(most_places);
    places.emplace_back("...");
  }
  Lines lines{hang_text(verdict), "  last reports: " + joined(places, "; ")};
  if (!stacks_folder.empty())
    lines.push_back(format_text("  the stacks of all ranks are saved in {}/stacks_RANK.txt", stacks_folder));
  lines.push_back(format_text("  limit: {}. If the job is only slow, set launch.hang_timeout_s to {} or more",
                              format_duration(verdict.limit_s), to_text(2 * verdict.limit_s)));
  return lines;
}

}  // namespace tlaunch
