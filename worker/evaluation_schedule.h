// Which evaluation is due: a run that is stopped before it leaves it to the run that resumes. Pure.
#pragma once

#include <cstdint>

namespace tlaunch {

struct EvaluationSchedule {
  bool due = false;                  // an evaluation follows this step and has not ended
  std::int64_t evaluated_step = -1;  // the step before the latest evaluation that ended; -1: none yet

  static bool comes_after(std::int64_t step, std::int64_t steps_per_evaluation) {
    return step % steps_per_evaluation == 0;
  }
  void begin() { due = true; }
  void end(std::int64_t step) {
    due = false;
    evaluated_step = step;
  }
  bool is_done(std::int64_t step) const { return evaluated_step == step; }
};

}  // namespace tlaunch
