// How long a rank may stay where it is before it counts as hung. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tlaunch {

enum class PhaseKind { start_up, step, evaluation, save };

// `step`: the one under way; `start_step`: steps done before this session. Everything before the third step of a
// session is start-up, but for its evaluations and saves.
PhaseKind kind_of(std::string_view phase, std::int64_t step, std::int64_t start_step);

// What this run has shown so far.
struct SeenTimes {
  std::optional<double> median_step_s;                              // empty before the first step has ended
  double longest_evaluation_pause_s = 0, longest_save_pause_s = 0;  // between two boundaries
};

// Seconds without progress, and, where a worker sends heartbeats, without one.
struct HangLimits {
  double start_up_s = 600;    // data from a cold network disk, the first use of CUDA and cuDNN
  double step_s = 600;        // a disk or network that comes back takes tens of seconds
  double evaluation_s = 120;  // between two batches; detection too
  double save_s = 300;        // written in one go; the end of the run too
  double stopped_s = 60;      // in state T, whatever the phase

  double of(PhaseKind kind) const;
};

// With `timeout_s` (launch.hang_timeout_s) that time everywhere, but 60 s at least in start-up. Else a step may take 20
// times the median one, 60 s at least (600 s where none has ended yet); evaluations and saves 10 times the longest
// pause so far, and at least what stands above.
HangLimits hang_limits(std::optional<double> timeout_s, const SeenTimes& seen);

// Python may import for long, and a worker may read much data: no limit before the first sign of life is shorter.
inline constexpr double least_start_up_s = 60;

}  // namespace tlaunch
