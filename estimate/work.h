// What is left to do of a run. Pure.
#pragma once

#include <cstdint>

#include "contract/run_record.h"

namespace tlaunch {

// What remains to be done. The expected costs are used until one of its kind has been seen (estimate/first_estimate.h
// predicts them); 0: not counted until then.
struct RemainingWork {
  std::int64_t steps = 0, evaluations = 0, checkpoints = 0;
  double expected_evaluation_s = 0, expected_checkpoint_s = 0;
  double finish_s = 0;  // after the last step, its evaluation and its save: detection, the last write, leaving
};

// What is left after `step` steps and all that was due by then; evaluations and savings include the ones at the very
// end.
RemainingWork remaining_work(const StartEvent& start, std::int64_t step);
// The same as the events tell: an evaluation or save that is due, or under way, is still to come. Needs `start`.
RemainingWork remaining_work(const RunRecord& record);

}  // namespace tlaunch
