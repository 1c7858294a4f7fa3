// For tests: makes memory run out at a chosen place, once or several times in a row (contract/worker_env.h:
// TLAUNCH_INJECT_OOM).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "worker/step_down.h"

namespace tlaunch {

class OomInjection {
 public:
  OomInjection(std::int64_t step, RunPhase phase, std::int64_t times)
      : steps_left_(step), times_left_(times), phase_(phase) {}
  void begin_step() { --steps_left_; }
  // Throws c10::OutOfMemoryError if this is the chosen place.
  void at(RunPhase phase);

 private:
  std::int64_t steps_left_, times_left_;
  RunPhase phase_;
};

// Nothing for an empty text or another rank. Throws UsageError if the text is not of the form in contract/worker_env.h.
std::optional<OomInjection> oom_injection_from(const std::string& text, int rank);

}  // namespace tlaunch
