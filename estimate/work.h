// Counts the work that a run still has to do. Pure.
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
  std::int64_t evaluations = 0;   // on the validation set, including the one at the end
  std::int64_t saves = 0;         // checkpoints, including the one at the end
  std::int64_t logged_steps = 0;  // steps that write a line of figures
  std::int64_t epochs = 0;        // including a last one that may be partial
};

// The length of a run on `train_samples` samples. `config`: no `auto` is left in it. Throws UsageError if an epoch is
// shorter than one step.
RunLength length_of(const RunConfig& config, std::int64_t train_samples);

// The work after `done_steps` of the run. `step_time_s`: for saves by the clock.
Work work_of(const RunConfig& config, const RunLength& length, std::int64_t done_steps, double step_time_s);

// The work left after `step` steps and everything that was due by then. Saves by the clock count only as the last one.
// Logged steps count as none, because no event reports them.
Work work_left(const StartEvent& start, std::int64_t step);
// The same from the events: an evaluation or save that is due or running is still to come. Needs record.start.
Work work_left(const RunRecord& record);

// The amount of work of each part of a TimeEstimate, with which the part's cost grows. start_up and finish have 1.
std::map<std::string, double> amounts_of(const Work& work);

}  // namespace tlaunch
