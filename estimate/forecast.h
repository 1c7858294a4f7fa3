// A whole run's time and disk out of its config and its measured pace, before it starts. Pure. Seconds, bytes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "checkpoint/disk_need.h"
#include "core/run_config.h"
#include "core/run_length.h"
#include "estimate/pace.h"
#include "estimate/time_estimate.h"

namespace tlaunch {

// What the run does. `config`: no `auto` is left in it.
struct RunWork {
  RunLength length;
  std::int64_t steps = 0, evaluations = 0, checkpoints = 0;  // still to come
  std::int64_t logged_steps = 0;
  std::int64_t effective_batch = 0;
};

// After `done_steps` of it. Throws UsageError where an epoch has no whole step.
RunWork work_of(const RunConfig& config, const Pace& pace, std::int64_t done_steps);

// How much of each part's work that is; what a part costs grows with it.
std::map<std::string, double> units_of(const RunWork& work);

// start_up, steps, data_wait, evaluation, checkpoints, finish (detection, the last save, leaving) as parts. low and
// high: the pace's own range; calibrated() (estimate/history.h) makes a band of it that means something.
TimeEstimate forecast(const RunConfig& config, const Pace& pace, const RunWork& work);

struct DiskEstimate {
  std::uint64_t checkpoint_bytes = 0;  // of one
  // Checkpoints and logs; `peak` while one more is written. Low: the newest is always among the best; else it is a file
  // beside them.
  std::uint64_t peak_bytes = 0, final_bytes = 0, peak_low_bytes = 0, final_low_bytes = 0;
  LogBytes logs;
  std::int64_t checkpoints = 0;  // written in all
};
DiskEstimate disk_forecast(const RunConfig& config, const Pace& pace, const RunWork& work);

}  // namespace tlaunch
