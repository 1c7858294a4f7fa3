// A clock that counts only the time in which its owner ran: a launcher that was stopped, or whose machine slept, saw
// nothing of its ranks meanwhile.
#pragma once

#include <algorithm>
#include <optional>

namespace tlaunch {

class AwakeClock {
 public:
  double now_s() const { return now_s_; }
  // `wall_s`: of a monotonic clock. Each tick counts as at most 1 s.
  void tick(double wall_s) {
    constexpr double longest_tick_s = 1;
    if (last_s_) now_s_ += std::clamp(wall_s - *last_s_, 0.0, longest_tick_s);
    last_s_ = wall_s;
  }

 private:
  std::optional<double> last_s_;
  double now_s_ = 0;
};

}  // namespace tlaunch
