// The middle one of some values. Pure.
#pragma once

#include <algorithm>
#include <vector>

namespace tlaunch {

// The mean of the two in the middle where their number is even; 0 of none.
inline double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace tlaunch
