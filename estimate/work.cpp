#include "estimate/work.h"

#include <algorithm>

#include "core/cadence.h"

namespace tlaunch {
namespace {

RemainingWork remaining_after(const StartEvent& start, std::int64_t step, std::int64_t evaluated_step,
                              std::int64_t saved_step) {
  RemainingWork work;
  work.steps = std::max<std::int64_t>(start.total_steps - step, 0);
  work.evaluations = times_left(start.total_steps, evaluated_step, start.steps_per_evaluation);
  work.checkpoints = times_left(start.total_steps, saved_step, start.steps_per_checkpoint);
  return work;
}

}  // namespace

RemainingWork remaining_work(const StartEvent& start, std::int64_t step) {
  return remaining_after(start, step, step, step);
}

RemainingWork remaining_work(const RunRecord& record) {
  return remaining_after(*record.start, std::max(record.step, record.evaluated_step), record.evaluated_step,
                         record.saved_step);
}

}  // namespace tlaunch
