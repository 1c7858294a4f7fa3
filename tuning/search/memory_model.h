// What is known of memory: the peaks that trials measured, the line through them, and the batches that may be chosen.
// Plain values; bytes of one rank.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "config/batch.h"
#include "tuning/search/lab.h"
#include "tuning/search/memory_line.h"

namespace tlaunch {

struct MemoryModel {
  std::vector<BatchSplit> candidates;  // ascending, at least one
  TrialSettings measured_in;           // the mode of points and line; its batch does not matter
  std::vector<MemoryPoint> points;
  std::optional<MemoryLine> line;
  std::int64_t failed_from = 0;            // micro-batches from this one on do not fit; 0: none is known
  std::uint64_t predicted_peak_bytes = 0;  // of the batch tried last; 0: not predicted

  // Points and line hold for these settings.
  bool is_of(const TrialSettings& settings) const;
  // The largest candidate that is neither known nor predicted to need too much; 0: none.
  std::int64_t largest_that_fits(const Lab& lab) const;
  // Predicts the peak of a batch that is tried next, if there is a line.
  void predict(const Lab& lab, std::int64_t micro_batch);
  // Takes in what a trial of one micro-batch showed; a failure goes into the notes. Nothing if it failed.
  std::optional<MemoryPoint> record(Lab& lab, std::int64_t micro_batch, const TrialResult& result);
};

}  // namespace tlaunch
