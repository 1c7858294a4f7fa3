// What a rank is at, and where exactly: set by the training thread at boundaries (a few nanoseconds), read by the heartbeat's
// thread and by signal handlers. One place for the process, in lock-free atomics.
#pragma once

#include <cstdint>
#include <exception>
#include <string>

namespace tlaunch {

// In the order of a step and of a run. loading: waiting for a batch; optimizer: clipping and the update, and logging the
// step; evaluation, save, detection: between steps; finish: what is left at the end of the run.
enum class RunPhase { start_up, loading, forward, backward, optimizer, evaluation, save, detection, finish };
const char* to_string(RunPhase);

struct WorkPlace {
  std::int64_t step = 0;    // the one under way, or the last one before what comes between steps; 0: none yet
  RunPhase phase = RunPhase::start_up;
  bool waits = false;       // in an exchange with the other ranks
  std::int64_t passed = 0;  // boundaries so far: moves as long as the rank does
};

// The training thread alone calls these.
void note_step(std::int64_t step);
void note_phase(RunPhase phase);
void note_progress();       // a batch of an evaluation, a part of a longer phase

WorkPlace work_place();     // from any thread, and in a signal handler

// A phase between steps; the one before comes back at its end. Not where an exception ends it: the record of a failure tells
// the phase that it came from.
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

// The time in which this rank waits for the others, or may have to.
class WaitsForOthers {
 public:
  WaitsForOthers();
  ~WaitsForOthers();
  WaitsForOthers(const WaitsForOthers&) = delete;
  WaitsForOthers& operator=(const WaitsForOthers&) = delete;
};

// For tests (core/worker_env.h: TLAUNCH_INJECT_FAULT): the training thread does what `text` says where it enters the phase
// named there, if that is for `rank`; "" does nothing. Throws UsageError where the text is not as said there.
void inject_fault(const std::string& text, int rank);

}  // namespace tlaunch
