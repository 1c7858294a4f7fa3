#include "tuning/search/save_interval.h"

#include <algorithm>
#include <cmath>

namespace tlaunch {
namespace {

constexpr double between_failures_s = 86'400, most_share = 0.01;
constexpr std::int64_t most_steps = 1'000'000'000;

}  // namespace

double save_interval_s(double save_s) {
  return std::max(std::sqrt(2 * save_s * between_failures_s), save_s / most_share);
}

std::int64_t save_interval_steps(double save_s, double step_time_s) {
  const double wanted = save_interval_s(save_s) / step_time_s;
  for (std::int64_t power = 1; power < most_steps; power *= 10)
    for (const std::int64_t digit : {1, 2, 5})
      if (static_cast<double>(digit * power) >= wanted) return digit * power;
  return most_steps;
}

}  // namespace tlaunch
