// Peak memory as a straight line in the micro-batch: a fixed part, and a number of bytes per sample. From two to four
// small measurements it predicts the peak of a batch that has not been tried (a fit of logarithms underpredicts by
// 75 %). Bytes. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tlaunch {

struct MemoryPoint {
  std::int64_t micro_batch = 0;
  std::uint64_t peak_bytes = 0;
};

struct MemoryLine {
  double fixed_bytes = 0, bytes_per_sample = 0;
  std::uint64_t peak_bytes(std::int64_t micro_batch) const;
};

// Least squares. Nothing for fewer than two different batches. A slope below 0 (noise, if the batch hardly matters)
// becomes 0 at the largest peak that was measured.
std::optional<MemoryLine> fit_memory(const std::vector<MemoryPoint>& points);

}  // namespace tlaunch
