// The events that workers and launcher exchange during a run, and that events.jsonl holds: each event once, as a
// struct.
//
// A line is one JSON object: {"t": Unix seconds, "event": NAME, "rank": R, its fields ...}. Workers write lines to the
// event pipe (descriptor in TLAUNCH_EVENT_FD). Only the launcher writes events.jsonl, and it adds "attempt" to each.
//
// fields() of a struct names its fields with unit and meaning. fields_of() and decode() (contract/event_codec.h) and
// docs/events.md are made from it. A field that a writer may leave out is a std::optional.
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

// How long a worker waits with an event if the pipe is full because the launcher does not read. Then it drops the
// event: training must not stop for a launcher that is stopped.
enum class WhenFull {
  drop,         // not at all; the event is counted
  drop_silent,  // not at all; the event is not counted, because another one follows in a second
  wait_1_s,     // 1 s, then not at all while the pipe stays full
  wait_30_s,    // 30 s: no training is under way at such an event
};

struct EventInfo {
  const char* name;
  Writer writer;
  WhenFull when_full;
  const char* meaning;
};

// Metrics by name ("val_loss"). In JSON they stand in the same object as the fields.
using Metrics = std::map<std::string, double>;

struct StartEvent {
  static constexpr EventInfo info{"start", Writer::rank_0, WhenFull::wait_30_s, "Written before the first step."};
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
    visit("pid", self.pid, "", "process id of rank 0");
    visit("world_size", self.world_size, "ranks", "number of ranks");
    visit("device", self.device, "", "device of rank 0: cpu, cuda:0");
    visit("train_samples", self.train_samples, "samples", "samples of the training data");
    visit("val_samples", self.val_samples, "samples", "samples of the validation data");
    visit("effective_batch_size", self.effective_batch_size, "samples", "per optimizer step, over all ranks");
    visit("steps_per_epoch", self.steps_per_epoch, "steps", "optimizer steps per epoch");
    visit("total_steps", self.total_steps, "steps", "length of the whole run, earlier sessions included");
    visit("start_step", self.start_step, "steps", "steps done before this session; 0: a new run");
    visit("steps_per_evaluation", self.steps_per_evaluation, "steps", "interval of evaluations; 0: unknown");
    visit("steps_per_checkpoint", self.steps_per_checkpoint, "steps",
          "interval of checkpoints; 0: by time, or unknown");
    visit("evaluation_due", self.evaluation_due, "",
          "the resumed run stopped before an evaluation that was due at start_step; it is run first");
    visit("detection_sessions", self.detection_sessions, "sessions",
          "sessions that the detection at the end will check; 0: no detection");
    visit("parameters", self.parameters, "", "trainable parameters of the model");
    visit("checkpoint_bytes", self.checkpoint_bytes, "bytes", "size of one checkpoint file");
    visit("disk_bytes", self.disk_bytes, "bytes", "upper bound of what the run will write");
    visit("fitted_save_top_k", self.fitted_save_top_k, "files", "checkpoint.save_top_k after --fit-disk reduced it");
    visit("fitted_save_last", self.fitted_save_last, "", "checkpoint.save_last after --fit-disk changed it");
  }
};

struct StepEvent {
  static constexpr EventInfo info{"step", Writer::rank_0, WhenFull::drop, "Written every log.log_interval steps."};
  std::int64_t step = 0;
  std::optional<std::int64_t> epoch, samples;
  std::optional<double> loss, learning_rate, samples_per_s;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "optimizer steps done");
    visit("epoch", self.epoch, "epochs", "full epochs done");
    visit("loss", self.loss, "", "mean loss of this step over the samples of all ranks");
    visit("learning_rate", self.learning_rate, "", "learning rate of this step");
    visit("samples", self.samples, "samples", "training samples since the start of the run");
    visit("samples_per_s", self.samples_per_s, "samples/s", "throughput of all ranks since the previous step event");
  }
};

struct EvaluationEvent {
  static constexpr EventInfo info{"eval", Writer::rank_0, WhenFull::wait_1_s, "Written after each evaluation."};
  std::int64_t step = 0;
  std::optional<std::int64_t> epoch;
  std::int64_t samples = 0;
  double seconds = 0;
  Metrics metrics;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "optimizer steps done");
    visit("epoch", self.epoch, "epochs", "full epochs done");
    visit("samples", self.samples, "samples", "validation samples evaluated, over all ranks");
    visit("seconds", self.seconds, "s", "duration of the evaluation");
    visit.rest(self.metrics, "each metric under its own name: val_loss, val_accuracy");
  }
};

struct DetectionEvent {
  static constexpr EventInfo info{"detection", Writer::rank_0, WhenFull::wait_1_s,
                                  "Written after the detection at the end of the run."};
  std::int64_t step = 0, epoch = 0, samples = 0;
  double seconds = 0;
  Metrics metrics;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "optimizer steps done");
    visit("epoch", self.epoch, "epochs", "full epochs done");
    visit("samples", self.samples, "sessions", "sessions checked, over all ranks");
    visit("seconds", self.seconds, "s", "duration of the detection");
    visit.rest(self.metrics, "each metric under its own name: precision, recall, f1");
  }
};

struct CheckpointEvent {
  static constexpr EventInfo info{"checkpoint", Writer::rank_0, WhenFull::wait_1_s,
                                  "A checkpoint was saved and is durable on disk."};
  std::string path;
  std::int64_t step = 0, epoch = 0;
  std::uint64_t bytes = 0;
  double seconds = 0, stall_s = 0, wait_s = 0;
  std::uint64_t folder_bytes = 0;
  std::int64_t deleted = 0;
  std::optional<std::string> problem, gone;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("path", self.path, "", "path of the checkpoint file");
    visit("step", self.step, "steps", "optimizer steps done");
    visit("epoch", self.epoch, "epochs", "full epochs done");
    visit("bytes", self.bytes, "bytes", "size of the file");
    visit("seconds", self.seconds, "s", "from the start of the save until the file was durable");
    visit("stall_s", self.stall_s, "s", "time that training waited for this save");
    visit("wait_s", self.wait_s, "s", "part of stall_s: waiting for the previous save to finish");
    visit("folder_bytes", self.folder_bytes, "bytes",
          "size of all checkpoints in the folder while this one was written");
    visit("deleted", self.deleted, "files", "older checkpoints deleted by the retention policy");
    visit("problem", self.problem, "", "what failed apart from the save: an old file that could not be deleted");
    visit("gone", self.gone, "", "folder that was moved or deleted during the run and was created again");
  }
};

struct SaveFailedEvent {
  static constexpr EventInfo info{"save_failed", Writer::rank_0, WhenFull::wait_1_s,
                                  "A checkpoint could not be saved. Training continues."};
  std::int64_t step = 0;
  std::string message;
  std::int64_t failures = 0;
  std::string deleted;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "optimizer steps done");
    visit("message", self.message, "", "path and reason");
    visit("failures", self.failures, "saves", "saves failed in a row");
    visit("deleted", self.deleted, "", "checkpoint deleted to free space; empty: none");
  }
};

struct EpochEndEvent {
  static constexpr EventInfo info{"epoch_end", Writer::rank_0, WhenFull::wait_1_s,
                                  "Written at the end of an epoch, after its last step, evaluation and checkpoint."};
  std::int64_t epoch = 0, step = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("epoch", self.epoch, "epochs", "full epochs done");
    visit("step", self.step, "steps", "optimizer steps done");
  }
};

struct MemoryEvent {
  static constexpr EventInfo info{"memory", Writer::each_rank, WhenFull::drop, "Written at the end of each epoch."};
  std::int64_t epoch = 0;
  std::uint64_t peak_bytes = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("epoch", self.epoch, "epochs", "full epochs done");
    visit("peak_bytes", self.peak_bytes, "bytes",
          "peak memory of this rank in the epoch: resident set on the CPU, reserved bytes on a GPU");
  }
};

struct PhaseTimesEvent {
  static constexpr EventInfo info{"phase_times", Writer::each_rank, WhenFull::wait_1_s,
                                  "Written at the end of each epoch: how its time was spent."};
  std::int64_t step = 0, steps = 0, timed_steps = 0;
  std::map<std::string, double> seconds;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "optimizer steps done");
    visit("steps", self.steps, "steps", "steps since the previous phase_times event");
    visit("timed_steps", self.timed_steps, "steps", "those of `steps` that were timed");
    visit("seconds", self.seconds, "s",
          "time per phase: loading, copy, forward, backward, all_reduce and optimizer in the timed steps; "
          "evaluation, save");
  }
};

struct PeakEvent {
  static constexpr EventInfo info{"peak", Writer::each_rank, WhenFull::wait_1_s, "Written at the end of training."};
  std::uint64_t peak_bytes = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("peak_bytes", self.peak_bytes, "bytes", "peak memory of this rank since its start, counted as in `memory`");
  }
};

struct RankDoneEvent {
  static constexpr EventInfo info{"rank_done", Writer::each_rank, WhenFull::wait_30_s,
                                  "This rank has finished and everything is saved: it may exit."};

  template <class Self, class Visit>
  static void fields(Self&, Visit&&) {}
};

struct GpuEvent {
  static constexpr EventInfo info{"gpu", Writer::each_rank, WhenFull::drop,
                                  "Written every log.gpu_log_interval steps by a rank on a GPU. Figures that the "
                                  "driver does not report are missing (MIG slices, WSL2)."};
  std::int64_t step = 0;
  std::string name;
  std::optional<double> utilization_percent;
  std::optional<std::uint64_t> memory_used_bytes, memory_total_bytes;
  std::optional<double> temperature_c, power_w;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "optimizer steps done");
    visit("name", self.name, "", "name of the GPU");
    visit("utilization_percent", self.utilization_percent, "%", "utilization of the GPU");
    visit("memory_used_bytes", self.memory_used_bytes, "bytes", "memory used by all processes");
    visit("memory_total_bytes", self.memory_total_bytes, "bytes", "memory of the GPU");
    visit("temperature_c", self.temperature_c, "°C", "temperature of the GPU");
    visit("power_w", self.power_w, "W", "power draw");
  }
};

struct ResumeEvent {
  static constexpr EventInfo info{"resume", Writer::rank_0, WhenFull::wait_1_s,
                                  "Written before `start` if the run resumes from a checkpoint."};
  std::string path;
  std::int64_t step = 0;
  std::optional<std::string> note;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("path", self.path, "", "path of the checkpoint");
    visit("step", self.step, "steps", "optimizer steps done when it was saved");
    visit("note", self.note, "", "what could not be restored exactly, or why there is nothing left to train");
  }
};

struct WeightsEvent {
  static constexpr EventInfo info{"weights", Writer::rank_0, WhenFull::wait_1_s,
                                  "Weights were loaded although their names differ from those of the model."};
  std::string note;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("note", self.note, "", "prefix that was removed from the names");
  }
};

struct SmokeEvent {
  static constexpr EventInfo info{"smoke", Writer::rank_0, WhenFull::wait_1_s,
                                  "A smoke test has shortened its epochs."};
  std::int64_t steps_per_epoch = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("steps_per_epoch", self.steps_per_epoch, "steps", "optimizer steps in a shortened epoch");
  }
};

struct StepDownEvent {
  static constexpr EventInfo info{"step_down", Writer::the_rank_concerned, WhenFull::wait_1_s,
                                  "This rank ran out of memory in a step. All ranks repeat the step with smaller "
                                  "micro-batches."};
  std::int64_t step = 0, micro_batch = 0, accumulation = 0;
  std::string phase;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "the step that is repeated");
    visit("micro_batch", self.micro_batch, "samples", "per rank, from this step on");
    visit("accumulation", self.accumulation, "micro-batches", "per optimizer step and rank, from this step on");
    visit("phase", self.phase, "", "phase in which memory ran out");
  }
};

struct ShortageEvent {
  static constexpr EventInfo info{
      "shortage", Writer::the_rank_concerned, WhenFull::wait_1_s,
      "This rank ran out of memory between steps: in an evaluation, a detection or a save."};
  std::int64_t step = 0;
  std::string phase, action;
  std::int64_t batch = 0, micro_batch = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "optimizer steps done");
    visit("phase", self.phase, "", "phase in which memory ran out");
    visit("action", self.action, "",
          "halved: repeated in batches of `batch`; again: repeated with empty caches; skipped: not repeated");
    visit("batch", self.batch, "samples", "batch size of the next try; 0: the phase has no batches");
    visit("micro_batch", self.micro_batch, "samples", "train.batch_size that would leave enough memory");
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
    visit("step", self.step, "steps", "optimizer steps done");
    visit("action", self.action, "", "skip or rollback");
    visit("count", self.count, "updates", "skip: updates skipped since the previous nan event");
    visit("to_step", self.to_step, "steps", "rollback: step at which training continues");
    visit("path", self.path, "", "rollback: checkpoint restored; empty: the start of the run");
    visit("learning_rate_factor", self.learning_rate_factor, "", "rollback: factor on the learning rate from now on");
  }
};

struct ProfileEvent {
  static constexpr EventInfo info{"profile", Writer::each_rank, WhenFull::wait_1_s,
                                  "Written once, after the profiled steps."};
  std::int64_t step = 0, steps = 0;
  std::string trace, table;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "optimizer steps done");
    visit("steps", self.steps, "steps", "steps profiled");
    visit("trace", self.trace, "", "path of the trace, in Chrome's format");
    visit("table", self.table, "", "path of the table of operators");
  }
};

struct LogFailedEvent {
  static constexpr EventInfo info{"log_failed", Writer::rank_0, WhenFull::wait_1_s,
                                  "metrics.csv or the TensorBoard file cannot be written now. Its rows wait in "
                                  "memory."};
  std::string file, message;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("file", self.file, "", "name of the file");
    visit("message", self.message, "", "path and reason");
  }
};

struct LogIncompleteEvent {
  static constexpr EventInfo info{"log_incomplete", Writer::rank_0, WhenFull::wait_1_s,
                                  "Written at the end if rows of a log file could not be written."};
  std::string file;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("file", self.file, "", "name of the file");
  }
};

struct ToldToStopEvent {
  static constexpr EventInfo info{"told_to_stop", Writer::the_rank_concerned, WhenFull::wait_1_s,
                                  "This rank received a signal to stop. Written before it reacts."};
  std::int64_t signal = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("signal", self.signal, "", "number of the signal");
  }
};

struct StoppedEvent {
  static constexpr EventInfo info{"stopped", Writer::rank_0, WhenFull::wait_30_s,
                                  "The run was stopped by a signal and its state is saved. Written instead of "
                                  "`end`."};
  std::int64_t step = 0, epoch = 0, samples = 0, signal = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "optimizer steps done and saved");
    visit("epoch", self.epoch, "epochs", "full epochs done");
    visit("samples", self.samples, "samples", "training samples since the start of the run");
    visit("signal", self.signal, "", "number of the signal");
  }
};

struct FailureEvent {
  static constexpr EventInfo info{"failure", Writer::the_rank_concerned, WhenFull::wait_30_s,
                                  "This rank exits because of an error."};
  std::string message;
  std::int64_t exit_code = 1;
  bool out_of_memory = false;
  std::int64_t step = 0;
  std::string phase;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("message", self.message, "", "the error");
    visit("exit_code", self.exit_code, "", "exit code of this rank");
    visit("out_of_memory", self.out_of_memory, "", "whether memory ran out");
    visit("step", self.step, "steps", "the step that was running");
    visit("phase", self.phase, "", "phase at that time; empty: unknown");
  }
};

struct HeartbeatEvent {
  static constexpr EventInfo info{"heartbeat", Writer::each_rank, WhenFull::drop_silent,
                                  "Sent about once a second to the launcher. Not written to events.jsonl."};
  std::int64_t step = 0;
  std::string phase;
  bool waits = false;
  std::int64_t passed = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "the step that is running");
    visit("phase", self.phase, "", "current phase");
    visit("waits", self.waits, "", "whether this rank waits for other ranks");
    visit("passed", self.passed, "", "phase boundaries passed so far; it grows as long as the rank makes progress");
  }
};

struct EndEvent {
  static constexpr EventInfo info{"end", Writer::rank_0, WhenFull::wait_30_s,
                                  "The run is complete: trained, evaluated and saved."};
  std::string status = "completed";
  bool stopped_early = false;
  std::int64_t steps = 0, epochs = 0, samples = 0;
  Metrics metrics;
  double train_wall_s = 0, steady_samples_per_s = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("status", self.status, "", "completed");
    visit("stopped_early", self.stopped_early, "", "train.early_stopping_patience ended the run");
    visit("steps", self.steps, "steps", "optimizer steps done");
    visit("epochs", self.epochs, "epochs", "full epochs done");
    visit("samples", self.samples, "samples",
          "training samples since the start of the run; of an evaluation: samples evaluated");
    visit("metrics", self.metrics, "", "latest value of each metric");
    visit("train_wall_s", self.train_wall_s, "s", "wall time of this session from its first step");
    visit("steady_samples_per_s", self.steady_samples_per_s, "samples/s",
          "throughput of all ranks without the first steps, evaluations and saves");
  }
};

struct EtaEvent {
  static constexpr EventInfo info{"eta", Writer::launcher, WhenFull::wait_30_s,
                                  "Written at least once per epoch and per 1 % of the run: the time left and the "
                                  "time of the whole run."};
  std::int64_t step = 0;
  double low_s = 0, likely_s = 0, high_s = 0, estimated_s = 0, projected_s = 0, difference_s = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("step", self.step, "steps", "optimizer steps done");
    visit("low_s", self.low_s, "s", "time left, optimistic: 10 % of such runs end sooner");
    visit("likely_s", self.likely_s, "s", "time left, most likely");
    visit("high_s", self.high_s, "s", "time left, pessimistic: 10 % of such runs end later");
    visit("estimated_s", self.estimated_s, "s", "whole run, as estimated at its start");
    visit("projected_s", self.projected_s, "s", "whole run, as projected now");
    visit("difference_s", self.difference_s, "s", "projected_s minus estimated_s");
  }
};

struct RestartEvent {
  static constexpr EventInfo info{"restart", Writer::launcher, WhenFull::wait_30_s,
                                  "The ranks failed and are restarted (launch.max_restarts)."};
  std::int64_t restart = 0, exit_code = 0;
  double wait_s = 0;
  std::string resume_path;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("restart", self.restart, "", "number of this restart, from 1");
    visit("exit_code", self.exit_code, "", "exit code of the failed attempt");
    visit("wait_s", self.wait_s, "s", "wait before the restart");
    visit("resume_path", self.resume_path, "", "checkpoint to resume from; empty: restart from the beginning");
  }
};

struct HangEvent {
  static constexpr EventInfo info{"hang", Writer::launcher, WhenFull::wait_30_s,
                                  "A rank hangs: the run is ended with exit code 124."};
  std::vector<std::int64_t> ranks;
  std::int64_t step = 0;
  std::string phase, reason;
  double limit_s = 0;
  std::vector<std::string> places;
  std::string stacks;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("ranks", self.ranks, "", "the ranks that hang");
    visit("step", self.step, "steps", "the step that was running");
    visit("phase", self.phase, "", "phase in which they hang");
    visit("reason", self.reason, "", "why they count as hanging");
    visit("limit_s", self.limit_s, "s", "time limit that was exceeded");
    visit("places", self.places, "", "last reported step and phase of each rank");
    visit("stacks", self.stacks, "", "folder with the stack of each rank; empty: none");
  }
};

struct PredictionEvent {
  static constexpr EventInfo info{"prediction", Writer::launcher, WhenFull::wait_30_s,
                                  "Written while tuning, before a micro-batch is tried."};
  std::int64_t micro_batch = 0;
  std::uint64_t peak_bytes = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit("micro_batch", self.micro_batch, "samples", "micro-batch per rank");
    visit("peak_bytes", self.peak_bytes, "bytes", "predicted peak memory per rank");
  }
};

// An event that this version does not know, or that has no struct here because another room defines its fields: `plan`,
// `estimate` and `trial`.
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
