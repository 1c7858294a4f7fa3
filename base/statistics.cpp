#include "base/statistics.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace tlaunch {

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double quantile(const std::vector<double>& values, double share) {
  std::vector<WeightedValue> weighted;
  weighted.reserve(values.size());
  for (const double value : values) weighted.push_back({value, 1});
  return weighted_quantile(std::move(weighted), share);
}

double weighted_quantile(std::vector<WeightedValue> values, double share) {
  std::sort(values.begin(), values.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
  double all = 0, below = 0;
  for (const WeightedValue& each : values) all += each.weight;
  for (const WeightedValue& each : values) {
    below += each.weight;
    if (below >= share * all) return each.value;
  }
  return values.back().value;
}

}  // namespace tlaunch
