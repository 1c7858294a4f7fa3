// Time and disk of a run out of figures that somebody has, without a config: what people compute in spreadsheets.
// Ranges in, ranges out. Pure. Seconds, bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/quantity.h"
#include "estimate/time_estimate.h"

namespace tlaunch {

// `amount` of something at that rate: low at the higher rate, likely at the middle of the two.
TimeRange time_at(double amount, const Range& rate_per_s);

// A part of a run, from `begin` to `end` of what it counts.
struct Phase {
  double begin = 0, end = 0;
  TimeRange time;
};

// The run cut at `boundaries` (ascending, the last is the end): the phases' times add up to the run's.
std::vector<Phase> phases_at(const std::vector<double>& boundaries, const Range& rate_per_s);

// A run that is under way.
struct Observed {
  double elapsed_s = 0, start_up_s = 0;  // of this session; start-up is taken out
  std::int64_t since_step = 0;           // where this session began
};

// What this session's own steps say: steps done before it are no part of its rate (the classic ETA bug after a resume).
// Throws UsageError where nothing was done in it.
double observed_step_time_s(const Observed& observed, std::int64_t done_steps);

struct SaveFigures {
  std::uint64_t checkpoint_bytes = 0;  // of one
  std::int64_t save_top_k = -1;        // as checkpoint.save_top_k; -1: all
  bool save_last = false;
};

// Low: the newest checkpoint is one of the best. High: it is a file of its own beside them. Peak: one more is being
// written.
struct SizeRange {
  std::uint64_t low = 0, high = 0, peak = 0;
};
SizeRange checkpoints_kept(const SaveFigures& figures, std::int64_t saves);

// What else takes disk.
struct OtherSizes {
  std::uint64_t base_bytes = 0, data_bytes = 0, other_bytes = 0;  // the model started from, the data, the rest
  std::uint64_t log_bytes_per_epoch = 0;
};
std::uint64_t other_bytes(const OtherSizes& sizes, std::int64_t epochs);

// What to keep by the length of a run (sources: 5 to 10 epochs, 20 to 50, 100 and more).
struct PolicyAdvice {
  std::int64_t save_top_k = 2, every_n_epochs = 1;
  bool save_last = false;
};
PolicyAdvice advised_policy(std::int64_t epochs);

}  // namespace tlaunch
