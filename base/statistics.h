// Order statistics of a few values. Pure; the values may be in any order.
#pragma once

#include <vector>

namespace tlaunch {

// The middle value, or the mean of the two middle values. 0 for no values.
double median(std::vector<double> values);

// The smallest value that has at least `share` (0 to 1) of all values at or below it (nearest rank). Needs a value.
double quantile(const std::vector<double>& values, double share);

struct WeightedValue {
  double value = 0, weight = 0;  // weight above 0
};

// The same with weights: each value counts by its weight.
double weighted_quantile(std::vector<WeightedValue> values, double share);

}  // namespace tlaunch
