// How long a rank may make no progress before it counts as hung. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tlaunch {

enum class PhaseKind { start_up, step, evaluation, save };

// `step`: the current one; `start_step`: steps done before this session. Everything before the third step of a session
// is start-up, except its evaluations and saves.
PhaseKind kind_of(std::string_view phase, std::int64_t step, std::int64_t start_step);

// Times observed in this run so far.
struct SeenTimes {
  std::optional<double> median_step_s;                              // empty until the first step has ended
  double longest_evaluation_pause_s = 0, longest_save_pause_s = 0;  // between two boundaries
};

// Limits in seconds, for the time without progress and, if a worker sends heartbeats, the time without a heartbeat.
struct HangLimits {
  double start_up_s = 600;    // data from a cold network disk, the first use of CUDA and cuDNN
  double step_s = 600;        // a disk or network that recovers takes tens of seconds
  double evaluation_s = 120;  // between two batches; also for detection
  double save_s = 300;        // without progress in between; also for the end of the run
  double stopped_s = 60;      // in state T, in any phase

  double of(PhaseKind kind) const;
};

// With `timeout_s` (launch.hang_timeout_s), that time everywhere, but at least 60 s in start-up. Otherwise a step may
// take 20 times the median step, at least 60 s (600 s until a step has ended); evaluations and saves may take 10 times
// the longest pause so far, and at least the limits above.
HangLimits hang_limits(std::optional<double> timeout_s, const SeenTimes& seen);

// Imports in Python and reading data may take long: no limit before the first sign of life is shorter than this.
inline constexpr double least_start_up_s = 60;

}  // namespace tlaunch
