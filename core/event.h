// Events: one JSON object a line, {"t": Unix seconds, "event": NAME, "rank": R, ...}. Workers write them to the event
// pipe (descriptor in TLAUNCH_EVENT_FD); the launcher alone writes events.jsonl, adding "attempt".
//
// Fields by event (more may stand beside these), and who writes it:
//   start         rank 0, before the first step: {pid, world_size, device, train_samples, steps_per_epoch, total_steps,
//                 start_step, parameters, val_samples, effective_batch_size, steps_per_evaluation,
//                 steps_per_checkpoint, checkpoint_bytes, disk_bytes (most the run will take), fit_disk}
//   step          rank 0, each log_interval: {step, epoch, loss, learning_rate, samples (of the run), samples_per_s}
//   eval          rank 0: {step, epoch, val_loss, val_accuracy, ..., seconds}
//   checkpoint    rank 0: {path, step, epoch, bytes, seconds (until it was durable), stall_s (what training paid),
//                 wait_s (of that, for the save before), folder_bytes, deleted (files), problem}
//   save_failed   rank 0: {step, message, failures (in a row), deleted (path given up for room, or "")}
//   memory        each rank: {epoch, peak_bytes}, peak RSS or reserved CUDA bytes of the epoch that ended
//   phase_times   each rank: {step, steps, timed_steps, seconds: {loading, copy, forward, backward, all_reduce, ...}}
//                 of the epoch that ended; those within a step are of its timed steps
//   peak          each rank: {peak_bytes}, as in `memory`, of the whole session, before `end`
//   gpu           each rank with a GPU: {step, name, utilization_percent, memory_used_bytes, memory_total_bytes,
//                 temperature_c, power_w}; without what the driver does not tell (of a MIG slice, under WSL2)
//   resume        rank 0: {path, step, note (what could not go on where it was)}
//   smoke         rank 0: {steps_per_epoch}, a smoke test's shortened epoch
//   step_down     the rank short of memory: {step, micro_batch, accumulation, phase}; the step is done again so
//   nan           rank 0: {step, action, count}: updates left out (skip); with rollback {to_step, path,
//                 learning_rate_factor}
//   profile       each rank: {step, steps, trace (Chrome's format), table}, files, once after the profiled steps
//   told_to_stop  the rank that was, by the system or a user: {signal}; before it heeds it
//   stopped       rank 0: {step, epoch, samples, signal}, saved, instead of `end`
//   failure       the rank that failed: {message, exit_code, out_of_memory, step, phase}
//   heartbeat     each rank, about once a second: {step, phase, waits (for other ranks), passed (boundaries so far)};
//                 the launcher keeps none of them
//   trial         each rank of a trial: a TrialResult (core/trial.h)
//   end           rank 0: {status, steps, epochs, samples, metrics: {}, train_wall_s, steady_samples_per_s}
// The launcher's own: plan, prediction, estimate, eta, restart {restart, exit_code, wait_s, resume_path}, hang {ranks,
// step, phase, reason, limit_s, places, stacks}.
// Any event may have `dropped`: so many of this rank's earlier ones were left out since the last, for want of a reader.
// A number that is not finite (a loss that became NaN) is written as "NaN", "Infinity" or "-Infinity": see json.h.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "core/json.h"

namespace tlaunch {

// Writes whole lines of at most PIPE_BUF bytes in one write(2), so that ranks never interleave; longer ones are cut to
// an event with "truncated": true. Thread-safe. Does nothing when fd < 0. A reader that went away is ignored (EPIPE,
// and no SIGPIPE).
//
// A reader that does not read never holds up training: where the pipe is full, heartbeat, step, gpu and memory are left
// out at once, others after 1 s, and also at once while the pipe stays full; those after which no work comes (start,
// trial, end, stopped, failure) after 30 s. All but heartbeats are counted in `dropped`.
class EventWriter {
 public:
  // Makes a pipe non-blocking: for all who share this end of it.
  EventWriter(int fd, int rank);
  // `fields` is an object; t, event and rank are put before its own.
  void write(const std::string& event, const Json& fields) const;
  bool connected() const { return fd_ >= 0; }
  int fd() const { return fd_; }  // -1: not connected

 private:
  struct State {
    std::atomic<std::int64_t> dropped{0};  // not told yet
    std::atomic<bool> full{false};         // waiting was in vain
  };
  int fd_, rank_;
  std::shared_ptr<State> state_ = std::make_shared<State>();  // of all copies
};

double unix_time_s();  // wall clock, seconds since 1970

}  // namespace tlaunch
