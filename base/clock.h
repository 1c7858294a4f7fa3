// The two clocks, in seconds.
#pragma once

#include <chrono>

namespace tlaunch {

// For durations: never goes back; the origin is arbitrary.
inline double monotonic_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// For dates: seconds since 1970.
inline double unix_time_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace tlaunch
