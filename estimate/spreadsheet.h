// `tlaunch estimate` without a config: computes time and disk of a run from given figures, as people do in
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

// The given figures. estimate/spreadsheet_options.h reads them from a command line.
struct Figures {
  std::optional<Range> samples_per_s;  // of all ranks together
  std::optional<Range> step_time_s;    // of an optimizer step
  std::vector<double> samples;         // run lengths to estimate, in samples
  std::vector<std::int64_t> epochs;    // run lengths to estimate, in epochs
  std::vector<double> phase_ends;      // in samples, ascending: divide the run into phases
  std::optional<std::int64_t> steps;   // of the whole run
  std::int64_t done_steps = 0;         // of `steps`, so far
  std::optional<std::int64_t> steps_per_epoch;
  std::optional<double> samples_per_save;  // samples between two checkpoints
  std::optional<std::uint64_t> checkpoint_bytes;
  std::int64_t save_top_k = -1, every_n_epochs = 1;  // as checkpoint.save_top_k and checkpoint.every_n_epochs
  bool save_last = false;                            // as checkpoint.save_last
  OtherSizes others;
  std::optional<double> deadline_s;  // for `steps`, or else for the last length
};

// The number of checkpoints, and the time between two.
struct SaveSpacing {
  std::int64_t count = 0;
  std::optional<TimeRange> interval;
};

// Checkpoints on disk at the end, by retention policy, and the other files.
struct DiskFigures {
  SizeRange kept, all, advised, least;  // as given, every checkpoint, as advised for the horizon, only the newest
  PolicyAdvice advice;
  std::uint64_t other_bytes = 0;  // model, data, logs, the rest
};

struct Horizon {
  std::string label;  // "300 kimg", "20 epochs"
  std::optional<TimeRange> time;
  std::optional<SaveSpacing> saves;
  std::optional<DiskFigures> disk;
  std::vector<std::pair<int, TimeRange>> more_data;  // factor of the data size, and the time of as many epochs
};

struct Spreadsheet {
  std::vector<Horizon> horizons;
  std::vector<Phase> phases;  // of samples
  std::optional<Range> step_time_s;
  std::optional<TimeRange> remaining;  // of Figures::steps
  std::optional<std::int64_t> remaining_steps;
  std::optional<double> deadline_s;
  std::vector<RuleStep> rules;  // that lead to the deadline; empty: the unchanged run reaches it
  double least_s = 0;           // with all rules
};

// Throws UsageError if a needed figure is missing; the message names the command-line option.
Spreadsheet fill_in(const Figures& figures);

}  // namespace tlaunch
