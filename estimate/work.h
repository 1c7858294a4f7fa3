// What a run still has to do, counted. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "config/run_config.h"
#include "config/run_length.h"
#include "contract/run_record.h"

namespace tlaunch {

struct Work {
  std::int64_t steps = 0;         // optimizer steps
  std::int64_t evaluations = 0;   // on the validation set, the one at the end among them
  std::int64_t saves = 0;         // checkpoints, the one at the end among them
  std::int64_t logged_steps = 0;  // that write a line of figures
  std::int64_t epochs = 0;        // that are worked on, the last of them perhaps in part
};

// The length of a run on `train_samples` samples. `config`: no `auto` is left in it. Throws UsageError if an epoch has
// not a single step.
RunLength length_of(const RunConfig& config, std::int64_t train_samples);

// After `done_steps` of the run. `step_time_s`: for saves by the clock.
Work work_of(const RunConfig& config, const RunLength& length, std::int64_t done_steps, double step_time_s);

// After `step` steps and all that was due by then. Saves by the clock count as the last one alone, and logged steps,
// which no event tells of, as none.
Work work_left(const StartEvent& start, std::int64_t step);
// The same as the events tell: an evaluation or save that is due, or under way, is still to come. Needs record.start.
Work work_left(const RunRecord& record);

// How much there is of each part of a TimeEstimate: the part's cost grows with it. 1 of start_up and finish.
std::map<std::string, double> amounts_of(const Work& work);

}  // namespace tlaunch
