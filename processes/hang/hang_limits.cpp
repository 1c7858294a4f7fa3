#include "processes/hang/hang_limits.h"

#include <algorithm>

namespace tlaunch {

PhaseKind kind_of(std::string_view phase, std::int64_t step, std::int64_t start_step) {
  constexpr std::int64_t warm_steps = 2;
  if (phase == "evaluation" || phase == "detection") return PhaseKind::evaluation;
  if (phase == "save" || phase == "finish") return PhaseKind::save;
  if (phase == "start_up" || step - 1 - start_step < warm_steps) return PhaseKind::start_up;
  return PhaseKind::step;
}

double HangLimits::of(PhaseKind kind) const {
  switch (kind) {
    case PhaseKind::start_up: return start_up_s;
    case PhaseKind::step: return step_s;
    case PhaseKind::evaluation: return evaluation_s;
    case PhaseKind::save: return save_s;
  }
  return start_up_s;
}

HangLimits hang_limits(std::optional<double> timeout_s, const SeenTimes& seen) {
  constexpr double least_step_s = 60, median_steps = 20, longest_pauses = 10;
  if (timeout_s) return {std::max(least_start_up_s, *timeout_s), *timeout_s, *timeout_s, *timeout_s, *timeout_s};
  HangLimits limits;
  if (seen.median_step_s) limits.step_s = std::max(least_step_s, median_steps * *seen.median_step_s);
  limits.evaluation_s = std::max(limits.evaluation_s, longest_pauses * seen.longest_evaluation_pause_s);
  limits.save_s = std::max(limits.save_s, longest_pauses * seen.longest_save_pause_s);
  return limits;
}

}  // namespace tlaunch
