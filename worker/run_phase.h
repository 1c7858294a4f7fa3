// What a rank is doing, and at which step. The training thread sets it at boundaries (some 30 ns each, for the clock);
// the heartbeat's thread and signal handlers read it. One place for the process, in lock-free atomics. Also the time
// that each phase took.
#pragma once

#include <array>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>

namespace tlaunch {

// In the order of a step and of a run. loading: waiting for a batch; copy: to the device, in the model's type;
// optimizer: clipping and the update; logging: of the step, and everything that is in no other phase; evaluation, save,
// detection: between steps; finish: the rest at the end of the run.
enum class RunPhase {
  start_up,
  loading,
  copy,
  forward,
  backward,
  optimizer,
  logging,
  evaluation,
  save,
  detection,
  finish
};
inline constexpr std::size_t run_phases = 11;
const char* to_string(RunPhase);

struct WorkPlace {
  std::int64_t step = 0;  // the current one, or between steps the last one; 0: none yet
  RunPhase phase = RunPhase::start_up;
  bool waits = false;       // in an exchange with the other ranks
  std::int64_t passed = 0;  // boundaries so far: grows as long as the rank makes progress
};

// Only the training thread calls these.
void note_step(std::int64_t step);
void note_phase(RunPhase phase);
void note_progress();  // after a batch of an evaluation, or another part of a longer phase

WorkPlace work_place();  // from any thread, and in a signal handler

// A phase between steps; at its end the phase before is set again. Not if an exception ends it: the record of a failure
// names the phase that threw.
class PhaseScope {
 public:
  explicit PhaseScope(RunPhase phase) : before_(work_place().phase) { note_phase(phase); }
  ~PhaseScope() {
    if (std::uncaught_exceptions() == exceptions_) note_phase(before_);
  }
  PhaseScope(const PhaseScope&) = delete;
  PhaseScope& operator=(const PhaseScope&) = delete;

 private:
  RunPhase before_;
  int exceptions_ = std::uncaught_exceptions();
};

// Seconds by phase. all_reduce_s is the part of backward after the last gradient was computed: the exchange that
// computation does not hide. On a device, which computes gradients asynchronously, that part stays in backward.
struct PhaseTimes {
  std::array<double, run_phases> seconds{};
  double all_reduce_s = 0;
  std::int64_t steps = 0, timed_steps = 0;  // only some steps of a device are timed
};
PhaseTimes take_phase_times();  // since the last call; training thread only

// From any thread: all gradients of this backward pass are computed.
void note_last_gradient();

// A device works asynchronously: from now on one step in `every` waits for the device at each boundary, with `wait`,
// and only those steps are timed. Without this call all steps are timed.
void time_steps_of_device(std::function<void()> wait, std::int64_t every);

// While it lives, this rank waits for the others, or may have to.
class WaitsForOthers {
 public:
  WaitsForOthers();
  ~WaitsForOthers();
  WaitsForOthers(const WaitsForOthers&) = delete;
  WaitsForOthers& operator=(const WaitsForOthers&) = delete;
};

// For tests (contract/worker_env.h: TLAUNCH_INJECT_FAULT): the training thread does what `text` says when it enters the
// phase named there, if the text is for `rank`; "" does nothing. Throws UsageError if the text has another form.
void inject_fault(const std::string& text, int rank);

}  // namespace tlaunch
