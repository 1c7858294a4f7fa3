// `tlaunch estimate` without a config: what follows from figures that somebody has. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "estimate/figures.h"
#include "estimate/rules_of_thumb.h"

namespace tlaunch {

// As on the command line; "" and nothing: not given.
struct FigureOptions {
  std::string throughput, step_time;  // 54-72kimg/h, 6.8steps/s; 145ms
  std::string kimg, epochs;           // lists of horizons
  std::string phases;                 // list of kimg: cuts the run
  std::optional<std::int64_t> steps, done, since_step, steps_per_epoch;
  std::string elapsed, start_up;                  // of this session
  std::string checkpoint_size, checkpoint_every;  // 6.9GB; 50kimg
  std::int64_t save_top_k = -1, every_n_epochs = 1;
  bool save_last = false;
  std::string base_size, data_size, other_size, log_size;  // log_size: an epoch's

  bool any() const;  // whether there is a figure to compute from
};

// Count of checkpoints, and the time between two.
struct SaveSpacing {
  std::int64_t count = 0;
  std::optional<TimeRange> interval;
};

// Checkpoints on disk at the end, by what is kept; and all that the run takes.
struct DiskFigures {
  SizeRange kept, all, advised, least;  // as asked, every one, as advised for the horizon, the newest alone
  PolicyAdvice advice;
  std::uint64_t other_bytes = 0;  // model, data, logs, the rest
};

struct Horizon {
  std::string label;  // "300 kimg", "20 epochs"
  std::optional<TimeRange> time;
  std::optional<SaveSpacing> saves;
  std::optional<DiskFigures> disk;
  std::vector<std::pair<int, TimeRange>> more_data;  // factor: data so many times as large, for as many epochs
};

struct FiguresReport {
  std::vector<Horizon> horizons;
  std::vector<Phase> phases;  // of samples
  std::optional<Range> step_time_s;
  std::optional<TimeRange> remaining;  // of --steps
  std::optional<std::int64_t> remaining_steps;
  std::optional<double> deadline_s;
  std::vector<RemedyStep> remedies;  // that lead to the deadline; empty: it is reached as it is
  double least_s = 0;                // with all of them
};

// Throws UsageError where a figure is none, or one that is needed beside it is missing.
// `deadline`: of --steps or of the last horizon; "": none.
FiguresReport report_of(const FigureOptions& options, const std::string& deadline);

}  // namespace tlaunch
