// What the two programs tell each other while they run, and what events.jsonl holds: each event once, as a struct.
//
// A line is one JSON object: {"t": Unix seconds, "event": NAME, "rank": R, its fields ...}. Workers write lines to the
// event pipe (descriptor in TLAUNCH_EVENT_FD); the launcher alone writes events.jsonl, and adds "attempt" to each.
//
// fields() of a struct names its fields with unit and meaning. From it come fields_of() and decode()
// (contract/event_codec.h) and docs/events.md. A field that a writer may leave out is a std::optional.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/json.h"

namespace tlaunch {

enum class Writer { rank_0, each_rank, the_rank_concerned, launcher };

// What a worker does with an event where the pipe is full because the launcher does not read: training never waits.
enum class WhenFull {
  drop,         // at once, and count it
  drop_silent,  // at once, without counting it: another one follows in a second
  wait_1_s,     // then drop it; at once while the pipe stays full
  wait_30_s,    // nothing is computed meanwhile
};

struct EventInfo {
  const char* name;
  Writer writer;
  WhenFull when_full;
  const char* meaning;
};

// Metrics by name ("val_loss"); beside the fields in the same object.
using Metrics = std::map<std::string, double>;

struct StartEvent {
  static constexpr EventInfo info{"start", Writer::rank_0, WhenFull::wait_30_s, "Before the first step."};
  std::int64_t pid = 0, world_size = 0;
  std::string device;
  std::int64_t train_samples = 0, val_samples = 0, effective_batch_size = 0, parameters = 0;
  std::int64_t steps_per_epoch = 0, total_steps = 0, start_step = 0;
  std::int64_t steps_per_evaluation = 0, steps_per_checkpoint = 0;
  bool evaluation_due = false;
  std::int64_t detection_sessions = 0;
  std::uint64_t checkpoint_bytes = 0, disk_bytes = 0;
  std::optional<std::int64_t> fitted_save_top_k;
  std::optional<bool> fitted_save_last;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("pid", self.pid, "", "process of rank 0");
    visit("world_size", self.world_size, "ranks", "");
    visit("device", self.device, "", "cpu, cuda:0");
    visit("train_samples", self.train_samples, "samples", "");
    visit("val_samples", self.val_samples, "samples", "");
    visit("effective_batch_size", self.effective_batch_size, "samples", "of an optimizer step, over all ranks");
    visit("steps_per_epoch", self.steps_per_epoch, "steps", "");
    visit("total_steps", self.total_steps, "steps", "of the run, from its beginning");
    visit("start_step", self.start_step, "steps", "done before; 0: a new run");
    visit("steps_per_evaluation", self.steps_per_evaluation, "steps", "0: not known");
    visit("steps_per_checkpoint", self.steps_per_checkpoint, "steps", "0: not known");
    visit("evaluation_due", self.evaluation_due, "", "the run that was stopped left an evaluation, after start_step");
    visit("detection_sessions", self.detection_sessions, "sessions", "of the detection at the end; 0: there is none");
    visit("parameters", self.parameters, "", "trainable numbers of the model");
    visit("checkpoint_bytes", self.checkpoint_bytes, "bytes", "of one file");
    visit("disk_bytes", self.disk_bytes, "bytes", "the most that the run will take");
    visit("fitted_save_top_k", self.fitted_save_top_k, "files", "checkpoint.save_top_k as --fit-disk made it");
    visit("fitted_save_last", self.fitted_save_last, "", "checkpoint.save_last as --fit-disk made it");
  }
};

struct StepEvent {
  static constexpr EventInfo info{"step", Writer::rank_0, WhenFull::drop, "Each log.log_interval steps."};
  std::int64_t step = 0;
  std::optional<std::int64_t> epoch, samples;
  std::optional<double> loss, learning_rate, samples_per_s;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "done");
    visit("epoch", self.epoch, "epochs", "whole ones done");
    visit("loss", self.loss, "", "mean over all ranks' samples of this step");
    visit("learning_rate", self.learning_rate, "", "");
    visit("samples", self.samples, "samples", "shown since the run's beginning");
    visit("samples_per_s", self.samples_per_s, "samples/s", "of all ranks since the line before");
  }
};

struct EvaluationEvent {
  static constexpr EventInfo info{"eval", Writer::rank_0, WhenFull::wait_1_s, "After each evaluation."};
  std::int64_t step = 0;
  std::optional<std::int64_t> epoch;
  std::int64_t samples = 0;
  double seconds = 0;
  Metrics metrics;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "done");
    visit("epoch", self.epoch, "epochs", "whole ones done");
    visit("samples", self.samples, "samples", "evaluated, over all ranks");
    visit("seconds", self.seconds, "s", "");
    visit.rest(self.metrics, "each metric under its name: val_loss, val_accuracy");
  }
};

struct DetectionEvent {
  static constexpr EventInfo info{"detection", Writer::rank_0, WhenFull::wait_1_s, "After the detection at the end."};
  std::int64_t step = 0, epoch = 0, samples = 0;
  double seconds = 0;
  Metrics metrics;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "done");
    visit("epoch", self.epoch, "epochs", "whole ones done");
    visit("samples", self.samples, "sessions", "looked at, over all ranks");
    visit("seconds", self.seconds, "s", "");
    visit.rest(self.metrics, "each metric under its name: precision, recall, f1");
  }
};

struct CheckpointEvent {
  static constexpr EventInfo info{"checkpoint", Writer::rank_0, WhenFull::wait_1_s, "A checkpoint is on disk."};
  std::string path;
  std::int64_t step = 0, epoch = 0;
  std::uint64_t bytes = 0;
  double seconds = 0, stall_s = 0, wait_s = 0;
  std::uint64_t folder_bytes = 0;
  std::int64_t deleted = 0;
  std::optional<std::string> problem, gone;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("path", self.path, "", "");
    visit("step", self.step, "steps", "done");
    visit("epoch", self.epoch, "epochs", "whole ones done");
    visit("bytes", self.bytes, "bytes", "of the file");
    visit("seconds", self.seconds, "s", "until it was durable");
    visit("stall_s", self.stall_s, "s", "that training paid");
    visit("wait_s", self.wait_s, "s", "of stall_s, for the save before");
    visit("folder_bytes", self.folder_bytes, "bytes", "of all checkpoints while this one was written");
    visit("deleted", self.deleted, "files", "that the retention gave up");
    visit("problem", self.problem, "", "what went wrong beside it: a file that could not be deleted");
    visit("gone", self.gone, "", "a folder that was moved or deleted meanwhile and was made again");
  }
};

struct SaveFailedEvent {
  static constexpr EventInfo info{"save_failed", Writer::rank_0, WhenFull::wait_1_s, "A checkpoint was not written."};
  std::int64_t step = 0;
  std::string message;
  std::int64_t failures = 0;
  std::string deleted;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "done");
    visit("message", self.message, "", "");
    visit("failures", self.failures, "saves", "that failed in a row");
    visit("deleted", self.deleted, "", "path given up to make room; empty: none");
  }
};

struct EpochEndEvent {
  static constexpr EventInfo info{"epoch_end", Writer::rank_0, WhenFull::wait_1_s,
                                  "After an epoch's last step, its evaluation and its checkpoint."};
  std::int64_t epoch = 0, step = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("epoch", self.epoch, "epochs", "whole ones done");
    visit("step", self.step, "steps", "done");
  }
};

struct MemoryEvent {
  static constexpr EventInfo info{"memory", Writer::each_rank, WhenFull::drop, "At an epoch's end."};
  std::int64_t epoch = 0;
  std::uint64_t peak_bytes = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("epoch", self.epoch, "epochs", "whole ones done");
    visit("peak_bytes", self.peak_bytes, "bytes", "most in the epoch: resident set, or reserved on the card");
  }
};

struct PhaseTimesEvent {
  static constexpr EventInfo info{"phase_times", Writer::each_rank, WhenFull::wait_1_s,
                                  "At an epoch's end: where its time went."};
  std::int64_t step = 0, steps = 0, timed_steps = 0;
  std::map<std::string, double> seconds;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "done");
    visit("steps", self.steps, "steps", "since the event before");
    visit("timed_steps", self.timed_steps, "steps", "of those, that were timed");
    visit("seconds", self.seconds, "s",
          "by phase: loading, copy, forward, backward, all_reduce, optimizer (of the timed steps), evaluation, save");
  }
};

struct PeakEvent {
  static constexpr EventInfo info{"peak", Writer::each_rank, WhenFull::wait_1_s, "At the end of the training."};
  std::uint64_t peak_bytes = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("peak_bytes", self.peak_bytes, "bytes", "most since the program started, as in `memory`");
  }
};

struct RankDoneEvent {
  static constexpr EventInfo info{"rank_done", Writer::each_rank, WhenFull::wait_30_s,
                                  "This rank's work is done, and all is saved: it may leave."};

  template <class Self, class Visit>
  static void fields(Self&, Visit&&) {}
};

struct GpuEvent {
  static constexpr EventInfo info{"gpu", Writer::each_rank, WhenFull::drop,
                                  "Each log.gpu_log_interval steps of a rank on a card; without what its driver does "
                                  "not tell (of a MIG slice, under WSL2)."};
  std::int64_t step = 0;
  std::string name;
  std::optional<double> utilization_percent;
  std::optional<std::uint64_t> memory_used_bytes, memory_total_bytes;
  std::optional<double> temperature_c, power_w;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "done");
    visit("name", self.name, "", "of the card");
    visit("utilization_percent", self.utilization_percent, "%", "");
    visit("memory_used_bytes", self.memory_used_bytes, "bytes", "by all processes");
    visit("memory_total_bytes", self.memory_total_bytes, "bytes", "");
    visit("temperature_c", self.temperature_c, "°C", "");
    visit("power_w", self.power_w, "W", "");
  }
};

struct ResumeEvent {
  static constexpr EventInfo info{"resume", Writer::rank_0, WhenFull::wait_1_s,
                                  "Before `start`, of a run that goes on."};
  std::string path;
  std::int64_t step = 0;
  std::optional<std::string> note;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("path", self.path, "", "of the checkpoint");
    visit("step", self.step, "steps", "done by then");
    visit("note", self.note, "", "what could not go on where it was");
  }
};

struct WeightsEvent {
  static constexpr EventInfo info{"weights", Writer::rank_0, WhenFull::wait_1_s,
                                  "Weights were loaded under other names than the file's."};
  std::string note;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("note", self.note, "", "what was taken off the names");
  }
};

struct SmokeEvent {
  static constexpr EventInfo info{"smoke", Writer::rank_0, WhenFull::wait_1_s,
                                  "A smoke test has shortened its epochs."};
  std::int64_t steps_per_epoch = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("steps_per_epoch", self.steps_per_epoch, "steps", "");
  }
};

struct StepDownEvent {
  static constexpr EventInfo info{"step_down", Writer::the_rank_concerned, WhenFull::wait_1_s,
                                  "This rank ran out of memory within a step: all do it again in smaller "
                                  "micro-batches."};
  std::int64_t step = 0, micro_batch = 0, accumulation = 0;
  std::string phase;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "the one that is done again");
    visit("micro_batch", self.micro_batch, "samples", "from now on");
    visit("accumulation", self.accumulation, "micro-batches", "from now on");
    visit("phase", self.phase, "", "in which memory ran out");
  }
};

struct ShortageEvent {
  static constexpr EventInfo info{"shortage", Writer::the_rank_concerned, WhenFull::wait_1_s,
                                  "This rank ran out of memory between steps: in an evaluation or a save."};
  std::int64_t step = 0;
  std::string phase, action;
  std::int64_t batch = 0, micro_batch = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "done");
    visit("phase", self.phase, "", "in which memory ran out");
    visit("action", self.action, "", "halved: again in batches of `batch`; again: with caches emptied; skipped");
    visit("batch", self.batch, "samples", "of the next try; 0: it has no batches");
    visit("micro_batch", self.micro_batch, "samples", "that would leave room");
  }
};

struct NanEvent {
  static constexpr EventInfo info{"nan", Writer::rank_0, WhenFull::wait_1_s,
                                  "Gradients were not finite (train.on_nan)."};
  std::int64_t step = 0;
  std::string action;
  std::optional<std::int64_t> count, to_step;
  std::optional<std::string> path;
  std::optional<double> learning_rate_factor;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "done");
    visit("action", self.action, "", "skip or rollback");
    visit("count", self.count, "updates", "skip: left out since the event before");
    visit("to_step", self.to_step, "steps", "rollback: where it goes on");
    visit("path", self.path, "", "rollback: the checkpoint; empty: the beginning");
    visit("learning_rate_factor", self.learning_rate_factor, "", "rollback: what is left of the learning rate");
  }
};

struct ProfileEvent {
  static constexpr EventInfo info{"profile", Writer::each_rank, WhenFull::wait_1_s, "Once, after the profiled steps."};
  std::int64_t step = 0, steps = 0;
  std::string trace, table;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "done");
    visit("steps", self.steps, "steps", "profiled");
    visit("trace", self.trace, "", "path of the trace in Chrome's format");
    visit("table", self.table, "", "path of the table of operators");
  }
};

struct LogFailedEvent {
  static constexpr EventInfo info{"log_failed", Writer::rank_0, WhenFull::wait_1_s,
                                  "metrics.csv or TensorBoard's file cannot be written now; the rows wait."};
  std::string file, message;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("file", self.file, "", "");
    visit("message", self.message, "", "");
  }
};

struct LogIncompleteEvent {
  static constexpr EventInfo info{"log_incomplete", Writer::rank_0, WhenFull::wait_1_s,
                                  "At the end: rows of this file were never written."};
  std::string file;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("file", self.file, "", "");
  }
};

struct ToldToStopEvent {
  static constexpr EventInfo info{"told_to_stop", Writer::the_rank_concerned, WhenFull::wait_1_s,
                                  "The system or a user told this rank to stop; before it has any effect."};
  std::int64_t signal = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("signal", self.signal, "", "its number");
  }
};

struct StoppedEvent {
  static constexpr EventInfo info{"stopped", Writer::rank_0, WhenFull::wait_30_s,
                                  "Told to stop, saved; instead of `end`."};
  std::int64_t step = 0, epoch = 0, samples = 0, signal = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "done, and saved");
    visit("epoch", self.epoch, "epochs", "whole ones done");
    visit("samples", self.samples, "samples", "shown since the run's beginning");
    visit("signal", self.signal, "", "its number");
  }
};

struct FailureEvent {
  static constexpr EventInfo info{"failure", Writer::the_rank_concerned, WhenFull::wait_30_s,
                                  "This rank leaves because of it."};
  std::string message;
  std::int64_t exit_code = 1;
  bool out_of_memory = false;
  std::int64_t step = 0;
  std::string phase;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("message", self.message, "", "");
    visit("exit_code", self.exit_code, "", "");
    visit("out_of_memory", self.out_of_memory, "", "");
    visit("step", self.step, "steps", "the one under way");
    visit("phase", self.phase, "", "where it was; empty: not told");
  }
};

struct HeartbeatEvent {
  static constexpr EventInfo info{"heartbeat", Writer::each_rank, WhenFull::drop_silent,
                                  "About once a second; not in events.jsonl."};
  std::int64_t step = 0;
  std::string phase;
  bool waits = false;
  std::int64_t passed = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "the one under way");
    visit("phase", self.phase, "", "where it is");
    visit("waits", self.waits, "", "for other ranks");
    visit("passed", self.passed, "", "boundaries of phases so far");
  }
};

struct EndEvent {
  static constexpr EventInfo info{"end", Writer::rank_0, WhenFull::wait_30_s, "All is trained, evaluated and saved."};
  std::string status = "completed";
  bool stopped_early = false;
  std::int64_t steps = 0, epochs = 0, samples = 0;
  Metrics metrics;
  double train_wall_s = 0, steady_samples_per_s = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("status", self.status, "", "completed");
    visit("stopped_early", self.stopped_early, "", "by train.early_stopping_patience");
    visit("steps", self.steps, "steps", "done");
    visit("epochs", self.epochs, "epochs", "whole ones done");
    visit("samples", self.samples, "samples", "shown since the run's beginning; of an evaluation, looked at");
    visit("metrics", self.metrics, "", "the newest of each, by name");
    visit("train_wall_s", self.train_wall_s, "s", "of this session, from its first step on");
    visit("steady_samples_per_s", self.steady_samples_per_s, "samples/s",
          "of all ranks, without the first steps and without evaluations and saves");
  }
};

struct EtaEvent {
  static constexpr EventInfo info{"eta", Writer::launcher, WhenFull::wait_30_s,
                                  "At least once an epoch, and each hundredth of the run. Seconds from now, and of the "
                                  "whole run."};
  std::int64_t step = 0;
  double low_s = 0, likely_s = 0, high_s = 0, estimated_s = 0, projected_s = 0, difference_s = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "done");
    visit("low_s", self.low_s, "s", "left: 10 of 100 such runs end sooner");
    visit("likely_s", self.likely_s, "s", "left");
    visit("high_s", self.high_s, "s", "left: 10 of 100 such runs end later");
    visit("estimated_s", self.estimated_s, "s", "of the whole run, as was said at its start");
    visit("projected_s", self.projected_s, "s", "of the whole run, as it looks now");
    visit("difference_s", self.difference_s, "s", "projected less estimated");
  }
};

struct RestartEvent {
  static constexpr EventInfo info{"restart", Writer::launcher, WhenFull::wait_30_s,
                                  "The ranks failed and are started again (launch.max_restarts)."};
  std::int64_t restart = 0, exit_code = 0;
  double wait_s = 0;
  std::string resume_path;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("restart", self.restart, "", "counted from 1");
    visit("exit_code", self.exit_code, "", "of the try that failed");
    visit("wait_s", self.wait_s, "s", "before it");
    visit("resume_path", self.resume_path, "", "the checkpoint; empty: from the beginning");
  }
};

struct HangEvent {
  static constexpr EventInfo info{"hang", Writer::launcher, WhenFull::wait_30_s,
                                  "No progress for longer than the limit: the run is ended with 124."};
  std::vector<std::int64_t> ranks;
  std::int64_t step = 0;
  std::string phase, reason;
  double limit_s = 0;
  std::vector<std::string> places;
  std::string stacks;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("ranks", self.ranks, "", "that stand still while the others wait");
    visit("step", self.step, "steps", "the one under way");
    visit("phase", self.phase, "", "where they are");
    visit("reason", self.reason, "", "");
    visit("limit_s", self.limit_s, "s", "");
    visit("places", self.places, "", "of each rank, when it was last heard of");
    visit("stacks", self.stacks, "", "folder with what each rank does; empty: none");
  }
};

struct PredictionEvent {
  static constexpr EventInfo info{"prediction", Writer::launcher, WhenFull::wait_30_s,
                                  "While tuning, before a batch is tried."};
  std::int64_t micro_batch = 0;
  std::uint64_t peak_bytes = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("micro_batch", self.micro_batch, "samples", "of a rank");
    visit("peak_bytes", self.peak_bytes, "bytes", "expected of a rank");
  }
};

// An event that is not known here, or whose fields stand where its value is: `plan`, `estimate` and `trial`.
struct OtherEvent {
  std::string name;
  Json fields = Json::object();
};

using Event = std::variant<StartEvent, StepEvent, EvaluationEvent, DetectionEvent, CheckpointEvent, SaveFailedEvent,
                           EpochEndEvent, MemoryEvent, PhaseTimesEvent, PeakEvent, RankDoneEvent, GpuEvent, ResumeEvent,
                           WeightsEvent, SmokeEvent, StepDownEvent, ShortageEvent, NanEvent, ProfileEvent,
                           LogFailedEvent, LogIncompleteEvent, ToldToStopEvent, StoppedEvent, FailureEvent,
                           HeartbeatEvent, EndEvent, EtaEvent, RestartEvent, HangEvent, PredictionEvent, OtherEvent>;

}  // namespace tlaunch
