// What a rank is at, and where exactly: set by the training thread at boundaries (some 30 ns, for the clock), read by
// the heartbeat's thread and by signal handlers. One place for the process, in lock-free atomics. Also what each phase
// has taken.
#pragma once

#include <array>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>

namespace tlaunch {

// In the order of a step and of a run. loading: waiting for a batch; copy: to the device, in the model's type;
// optimizer: clipping and the update; logging: of the step, and all that is in no other phase; evaluation, save,
// detection: between steps; finish: what is left at the end of the run.
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
  std::int64_t step = 0;  // the one under way, or the last one before what comes between steps; 0: none yet
  RunPhase phase = RunPhase::start_up;
  bool waits = false;       // in an exchange with the other ranks
  std::int64_t passed = 0;  // boundaries so far: moves as long as the rank does
};

// The training thread alone calls these.
void note_step(std::int64_t step);
void note_phase(RunPhase phase);
void note_progress();  // a batch of an evaluation, a part of a longer phase

WorkPlace work_place();  // from any thread, and in a signal handler

// A phase between steps; the one before comes back at its end. Not where an exception ends it: the record of a failure
// tells the phase that it came from.
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

// Seconds by phase. Of backward, all_reduce_s is what was left of it once the last gradient was there: the exchange
// that computing does not hide. On a device, whose gradients come behind the host's back, it stays in backward.
struct PhaseTimes {
  std::array<double, run_phases> seconds{};
  double all_reduce_s = 0;
  std::int64_t steps = 0, timed_steps = 0;  // a device's steps are timed now and then
};
PhaseTimes take_phase_times();  // since the last call; the training thread's

// From any thread: all gradients of this backward pass are computed.
void note_last_gradient();

// A device works behind the host's back: of the steps from now on one in `every` waits for it, by `wait`, at each
// boundary, and only those are timed. Without this call all are.
void time_steps_of_device(std::function<void()> wait, std::int64_t every);

// The time in which this rank waits for the others, or may have to.
class WaitsForOthers {
 public:
  WaitsForOthers();
  ~WaitsForOthers();
  WaitsForOthers(const WaitsForOthers&) = delete;
  WaitsForOthers& operator=(const WaitsForOthers&) = delete;
};

// For tests (contract/worker_env.h: TLAUNCH_INJECT_FAULT): the training thread does what `text` says where it enters the
// phase named there, if that is for `rank`; "" does nothing. Throws UsageError where the text is not as said there.
void inject_fault(const std::string& text, int rank);

}  // namespace tlaunch
