// The clock for durations: never set back, from an origin of its own.
#pragma once

#include <chrono>

namespace tlaunch {

inline double monotonic_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace tlaunch
