// Wall time of work, in seconds.
#pragma once

#include <algorithm>
#include <chrono>
#include <limits>

namespace tlaunch {

inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Seconds of the fastest of `times` runs of `work`.
template <typename Work>
double least_seconds(int times, Work work) {
  double least_s = std::numeric_limits<double>::max();
  for (int i = 0; i < times; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    least_s = std::min(least_s, seconds_since(start));
  }
  return least_s;
}

}  // namespace tlaunch
