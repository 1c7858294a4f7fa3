// What is known about memory: the peaks that trials measured, the line through them, and the batches that may be
// chosen. Bytes of one rank.
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
  TrialSettings measured_in;           // the mode (precision, layout, kernels) of points and line; not the batch
  std::vector<MemoryPoint> points;
  std::optional<MemoryLine> line;
  std::int64_t failed_from = 0;            // micro-batches from this one on do not fit; 0: none is known
  std::uint64_t predicted_peak_bytes = 0;  // of the batch that was predicted last; 0: none

  // Whether points and line are of the mode of these settings.
  bool is_of(const TrialSettings& settings) const;
  // The largest candidate that is neither known nor predicted to need too much; 0: none.
  std::int64_t largest_that_fits(const Lab& lab) const;
  // Predicts the peak of a batch that is tried next, if there is a line.
  void predict(const Lab& lab, std::int64_t micro_batch);
  // Adds the peak of a trial of one micro-batch; a crash or a hang goes into the lab's notes. Nothing if it failed.
  std::optional<MemoryPoint> record(Lab& lab, std::int64_t micro_batch, const TrialResult& result);
};

}  // namespace tlaunch
