// Events: one JSON object a line, {"t": Unix seconds, "event": NAME, "rank": R, ...}. Workers write them to the event
// pipe (descriptor in TLAUNCH_EVENT_FD); the launcher alone writes events.jsonl, adding "attempt".
//
// Fields by event (more may stand beside these):
//   start      {pid, world_size, device, train_samples, steps_per_epoch, total_steps, start_step, parameters, val_samples,
//              effective_batch_size, steps_per_evaluation, steps_per_checkpoint, checkpoint_bytes, disk_bytes (most the run will take), fit_disk}
//              rank 0, before the first step
//   step       {step, epoch, loss, learning_rate, samples (this run in all), samples_per_s}                    rank 0, each log_interval
//   eval       {step, epoch, val_loss, val_accuracy, ..., seconds}                                              rank 0
//   checkpoint {path, step, epoch, bytes, seconds (until it was durable), stall_s (what training paid), wait_s (of that, for
//              the save before), folder_bytes, deleted (files), problem}                                       rank 0
//   save_failed {step, message, failures (in a row), deleted (path given up for room, or "")}                   rank 0
//   memory     {epoch, peak_bytes}   peak RSS or reserved CUDA bytes of the epoch that ended                    every rank
//   phase_times {step, steps, timed_steps, seconds: {loading, copy, forward, backward, all_reduce, ...}}   of the epoch that
//              ended; those within a step are of its timed steps                                             every rank
//   peak       {peak_bytes}   the same of the whole session, before `end`                                        every rank
//   gpu        {step, name, utilization_percent, memory_used_bytes, memory_total_bytes, temperature_c, power_w} every rank with a GPU
//   resume     {path, step}                                                                                      rank 0
//   smoke      {steps_per_epoch}   a smoke test's shortened epoch                                                rank 0
//   step_down  {step, micro_batch, accumulation, phase}   memory ran out: the step is done again so   the rank short of it
//   nan        {step, action, count}   updates left out (skip), or {to_step, path, learning_rate_factor} (rollback)     rank 0
//   profile    {step, steps, trace (Chrome's format), table}   files, once after the profiled steps                 every rank
//   told_to_stop {signal}   by the system or a user; seen after a step                                           the rank that was
//   stopped    {step, epoch, samples, signal}   saved, instead of `end`                                          rank 0
//   failure    {message, exit_code, out_of_memory, step, phase}                                                  the rank that failed
//   heartbeat  {step, phase, waits (for other ranks), passed (boundaries so far)}  about once a second; the launcher keeps
//              none of them                                                                                     every rank
//   trial      a TrialResult (core/trial.h)                                                                      every rank of a trial
//   end        {status, steps, epochs, samples, metrics: {}, train_wall_s, steady_samples_per_s}                rank 0
//   restart {restart, exit_code, wait_s, resume_path}, eta, estimate, hang {ranks, step, phase, reason, limit_s, places, stacks} are the launcher's own.
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
// A reader that does not read never holds up training: where the pipe is full, heartbeat, step, gpu and memory are left out
// at once, others after 1 s, and also at once while the pipe stays full; those after which no work comes (start, trial, end,
// stopped, failure) after 30 s. All but heartbeats are counted in `dropped`.
class EventWriter {
 public:
  // Makes a pipe non-blocking: for all who share this end of it.
  EventWriter(int fd, int rank);
  // `fields` is an object; t, event and rank are put before its own.
  void write(const std::string& event, const Json& fields) const;
  bool connected() const { return fd_ >= 0; }

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
