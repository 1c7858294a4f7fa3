#include "launcher/narration/narrator.h"

#include <algorithm>

#include "base/units.h"
#include "config/config_value.h"
#include "launcher/narration/progress.h"

namespace tlaunch {
namespace {

using Lines = std::vector<std::string>;

constexpr double noticeable_wait_s = 0.1;

// One overload for each event, so that a new one does not compile before somebody decides what a person reads of it.
struct Narrator {
  const NarrationContext& context;
  int rank;

  Lines operator()(const StartEvent& event) const {
    std::string text = "training starts on " + event.device + " after " + format_duration(context.elapsed_s);
    if (context.whole_run)
      text += ": " + std::to_string(event.train_samples) + " samples, " + std::to_string(event.steps_per_epoch) +
              " steps an epoch, " + std::to_string(event.total_steps) + " steps in all";
    Lines lines{text};
    if (event.fitted_save_top_k)
      lines.push_back("the disk is too small for the checkpoints that were asked for: checkpoint.save_top_k=" +
                      std::to_string(*event.fitted_save_top_k) +
                      ", save_last=" + (event.fitted_save_last.value_or(true) ? "true" : "false"));
    return lines;
  }

  Lines operator()(const EvaluationEvent& event) const { return {evaluation_text(event)}; }

  Lines operator()(const CheckpointEvent& event) const {
    Lines lines;
    if (event.wait_s > noticeable_wait_s)
      lines.push_back("saving took longer than the time between two saves: training waited " +
                      format_duration(event.wait_s) + "; save less often, or on a faster disk");
    if (event.problem) lines.push_back("note: " + *event.problem);
    if (event.gone)
      lines.push_back("warning: " + *event.gone +
                      " was moved or deleted while the run was at work; it was made again for " + event.path +
                      ", and earlier files are not in it");
    return lines;
  }

  Lines operator()(const SaveFailedEvent& event) const {
    std::string text = "could not save the checkpoint of step " + std::to_string(event.step) + ": " + event.message +
                       ". Training continues, earlier checkpoints are intact";
    if (!event.deleted.empty())
      text += ". To free space, " + event.deleted + " was deleted and one fewer checkpoint is kept";
    return {text};
  }

  Lines operator()(const ResumeEvent& event) const {
    Lines lines{"resumed at step " + std::to_string(event.step) + " from " + event.path};
    if (event.note) lines.push_back("note: " + *event.note);
    return lines;
  }

  Lines operator()(const WeightsEvent& event) const { return {"note: " + event.note}; }

  Lines operator()(const SmokeEvent& event) const {
    return {"epochs are shortened to " + std::to_string(event.steps_per_epoch) + " steps"};
  }

  // The setting that fits, for whoever starts this job again.
  Lines operator()(const StepDownEvent& event) const {
    return {"rank " + std::to_string(rank) + " ran out of memory (" + event.phase + " of step " +
            std::to_string(event.step) +
            "): the step is done again with smaller micro-batches; to keep: set train.batch_size=" +
            std::to_string(event.micro_batch) + " (gradient_accumulation_steps=" + std::to_string(event.accumulation) +
            ")"};
  }

  // Between steps: nothing of the training is lost.
  Lines operator()(const ShortageEvent& event) const {
    const std::string step = std::to_string(event.step);
    const std::string room = "; to keep room: set train.batch_size=" + std::to_string(event.micro_batch);
    if (event.action == "skipped")
      return {"warning: no checkpoint at step " + step +
              ", memory did not suffice for its copies a second time either; training goes on" + room};
    return {"rank " + std::to_string(rank) + " ran out of memory (" + event.phase + " after step " + step +
            "): it is done again " +
            (event.action == "halved" ? "in batches of " + std::to_string(event.batch) : "with caches emptied") + room};
  }

  Lines operator()(const NanEvent& event) const {
    const std::string step = std::to_string(event.step);
    if (event.action == "rollback")
      return {"step " + step + " was not finite: back to step " + std::to_string(event.to_step.value_or(0)) +
              ", learning rate x" + to_text(event.learning_rate_factor.value_or(1))};
    return {"skipped " + std::to_string(event.count.value_or(0)) + " updates up to step " + step +
            ": non-finite gradients"};
  }

  // Every rank writes one: the first stands for all.
  Lines operator()(const ProfileEvent& event) const {
    if (rank != 0) return {};
    return {"profile of " + std::to_string(event.steps) + " steps: " + event.table + ", and " + event.trace +
            " for chrome://tracing or Perfetto"};
  }

  Lines operator()(const LogFailedEvent& event) const { return {"warning: " + event.message}; }

  // Shown by the progress line, ...
  Lines operator()(const StepEvent&) const { return {}; }
  Lines operator()(const HeartbeatEvent&) const { return {}; }
  // ... by the lines that end a run (launcher/run/summary.h), ...
  Lines operator()(const DetectionEvent&) const { return {}; }
  Lines operator()(const FailureEvent&) const { return {}; }
  Lines operator()(const StoppedEvent&) const { return {}; }
  Lines operator()(const EndEvent&) const { return {}; }
  Lines operator()(const LogIncompleteEvent&) const { return {}; }
  Lines operator()(const PhaseTimesEvent&) const { return {}; }
  // ... by the supervisor, ...
  Lines operator()(const ToldToStopEvent&) const { return {}; }
  // ... nowhere but in events.jsonl and summary.json, ...
  Lines operator()(const EpochEndEvent&) const { return {}; }
  Lines operator()(const MemoryEvent&) const { return {}; }
  Lines operator()(const PeakEvent&) const { return {}; }
  Lines operator()(const RankDoneEvent&) const { return {}; }
  Lines operator()(const GpuEvent&) const { return {}; }
  Lines operator()(const OtherEvent&) const { return {}; }
  // ... or by the functions below: the launcher's own.
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
  return "time estimate: " + format_duration(estimate.likely_s) + " in all (" + format_duration(estimate.low_s) +
         " to " + format_duration(estimate.high_s) + ")";
}

std::string eta_text(const EtaEvent& eta) {
  return "ETA " + format_time_left(eta.likely_s) + " (in all " + format_duration(eta.projected_s) + ", estimated " +
         format_duration(eta.estimated_s) + ")";
}

std::string restart_text(const RestartEvent& restart, std::int64_t max_restarts, std::optional<std::int64_t> step) {
  return "restart " + std::to_string(restart.restart) + " of " + std::to_string(max_restarts) + " in " +
         format_duration(restart.wait_s) + (step ? ", from step " + std::to_string(*step) : ", from the start");
}

Lines hang_lines(const HangVerdict& verdict, const std::string& stacks_folder) {
  constexpr std::size_t most_places = 4;
  std::string places;
  for (std::size_t i = 0; i < std::min(most_places, verdict.places.size()); ++i)
    places += (i == 0 ? "" : "; ") + verdict.places[i];
  if (verdict.places.size() > most_places) places += "; ...";
  Lines lines{hang_text(verdict), "  last heard of: " + places};
  if (!stacks_folder.empty())
    lines.push_back("  what each rank does is written to " + stacks_folder + "/stacks_RANK.txt");
  lines.push_back("  limit: " + format_duration(verdict.limit_s) +
                  ". If the job is only slow, set launch.hang_timeout_s to " + to_text(2 * verdict.limit_s) +
                  " or more");
  return lines;
}

}  // namespace tlaunch
