#include "tuning/search/memory_line.h"

#include <algorithm>
#include <cmath>

namespace tlaunch {

std::uint64_t MemoryLine::peak_bytes(std::int64_t micro_batch) const {
  return static_cast<std::uint64_t>(
      std::llround(std::max(0.0, fixed_bytes + bytes_per_sample * static_cast<double>(micro_batch))));
}

std::optional<MemoryLine> fit_memory(const std::vector<MemoryPoint>& points) {
  if (points.empty()) return std::nullopt;
  double mean_batch = 0, mean_bytes = 0;
  for (const auto& point : points) {
    mean_batch += static_cast<double>(point.micro_batch) / static_cast<double>(points.size());
    mean_bytes += static_cast<double>(point.peak_bytes) / static_cast<double>(points.size());
  }
  double covariance = 0, variance = 0;
  for (const auto& point : points) {
    const double batch = static_cast<double>(point.micro_batch) - mean_batch;
    covariance += batch * (static_cast<double>(point.peak_bytes) - mean_bytes);
    variance += batch * batch;
  }
  if (variance == 0) return std::nullopt;
  const double slope = covariance / variance;
  if (slope >= 0) return MemoryLine{mean_bytes - slope * mean_batch, slope};
  const auto most = std::max_element(points.begin(), points.end(),
                                     [](const auto& a, const auto& b) { return a.peak_bytes < b.peak_bytes; });
  return MemoryLine{static_cast<double>(most->peak_bytes), 0};
}

}  // namespace tlaunch
