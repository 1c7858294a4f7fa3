// The formulas of the spreadsheet (estimate/spreadsheet.h): time from rates, disk from sizes and policies. They take
// and return ranges. Pure. Seconds, bytes, samples.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/quantity.h"
#include "estimate/time_estimate.h"

namespace tlaunch {

// Time of `amount` at `rate_per_s` (both above 0): low at the higher rate, likely at the middle of the range.
TimeRange time_at(double amount, const Range& rate_per_s);

// A part of a run, from `begin` to `end` in the unit of the boundaries.
struct Phase {
  double begin = 0, end = 0;
  TimeRange time;
};

// The run divided at `boundaries` (ascending, the last is the end): the phases' times add up to the run's.
std::vector<Phase> phases_at(const std::vector<double>& boundaries, const Range& rate_per_s);

// A running session.
struct Observed {
  double elapsed_s = 0, start_up_s = 0;  // of this session; start-up is subtracted
  std::int64_t since_step = 0;           // where this session began
};

// The step time of this session's own steps. Steps before it do not count: dividing this session's time by them would
// make a resumed run look faster than it is. Throws UsageError if this session has done no step.
double observed_step_time_s(const Observed& observed, std::int64_t done_steps);

struct SaveFigures {
  std::uint64_t checkpoint_bytes = 0;  // size of one
  std::int64_t save_top_k = -1;        // as checkpoint.save_top_k; -1: all
  bool save_last = false;
};

// Low: the newest checkpoint is one of the best. High: it is an additional file. Peak: one more is being written.
struct SizeRange {
  std::uint64_t low = 0, high = 0, peak = 0;
};
SizeRange checkpoints_kept(const SaveFigures& figures, std::int64_t saves);

// Other files on the disk.
struct OtherSizes {
  std::uint64_t base_bytes = 0, data_bytes = 0, other_bytes = 0;  // the base model, the data, the rest
  std::uint64_t log_bytes_per_epoch = 0;
};
std::uint64_t other_bytes(const OtherSizes& sizes, std::int64_t epochs);

// 10 MB of TensorBoard and 0.2 MB of a CSV file per epoch, measured in one fine-tuning run of a large model.
inline constexpr std::uint64_t typical_log_bytes_per_epoch = 10'200'000;

// Advice on retention by the length of a run. In a short run every epoch is a candidate, and a lost checkpoint costs a
// large part of the run. In a long run neighbouring epochs differ little, and keeping all would fill the disk. The
// bounds (20 and 100 epochs) are a convention of teams that fine-tune large models.
struct PolicyAdvice {
  std::int64_t save_top_k = 2, every_n_epochs = 1;
  bool save_last = false;
};
PolicyAdvice advised_policy(std::int64_t epochs);

// "300 kimg", "0.5 kimg": thousand samples, not rounded.
std::string kimg_text(double samples);

}  // namespace tlaunch
