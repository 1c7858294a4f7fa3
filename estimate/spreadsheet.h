// `tlaunch estimate` without a config: time and disk of a run from figures that somebody has, as people compute them in
// spreadsheets. Pure. Seconds, bytes, samples.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/quantity.h"
#include "estimate/rules_of_thumb.h"
#include "estimate/spreadsheet_formulas.h"

namespace tlaunch {

// What is known. estimate/spreadsheet_options.h reads it from a command line.
struct Figures {
  std::optional<Range> samples_per_s;  // of all ranks together
  std::optional<Range> step_time_s;    // of an optimizer step
  std::vector<double> samples;         // lengths to answer for, in samples
  std::vector<std::int64_t> epochs;    // and in epochs
  std::vector<double> phase_ends;      // in samples, ascending: cut the run into phases
  std::optional<std::int64_t> steps;   // of the whole run
  std::int64_t done_steps = 0;         // of these, so far
  std::optional<std::int64_t> steps_per_epoch;
  std::optional<double> samples_per_save;  // a checkpoint every so many samples
  std::optional<std::uint64_t> checkpoint_bytes;
  std::int64_t save_top_k = -1, every_n_epochs = 1;  // as checkpoint.save_top_k and checkpoint.every_n_epochs
  bool save_last = false;                            // as checkpoint.save_last
  OtherSizes others;
  std::optional<double> deadline_s;  // of `steps`, or else of the last length
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

struct Spreadsheet {
  std::vector<Horizon> horizons;
  std::vector<Phase> phases;  // of samples
  std::optional<Range> step_time_s;
  std::optional<TimeRange> remaining;  // of Figures::steps
  std::optional<std::int64_t> remaining_steps;
  std::optional<double> deadline_s;
  std::vector<RuleStep> rules;  // that lead to the deadline; empty: it is reached as it is
  double least_s = 0;           // with all of them
};

// Throws UsageError, in the words of the command line, if a figure that is needed is missing.
Spreadsheet fill_in(const Figures& figures);

}  // namespace tlaunch
