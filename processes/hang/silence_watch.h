// Whether a plain program hangs: only its output shows that it works. The caller reports the output, and asks at each
// tick.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "processes/hang/awake_clock.h"

namespace tlaunch {

class SilenceWatch {
 public:
  // `timeout_s`: of silence; at least 60 s before the first output of any rank (hang_limits.h).
  explicit SilenceWatch(double timeout_s) : timeout_s_(timeout_s) {}
  void on_output() {
    any_output_ = true;
    heard_s_ = clock_.now_s();
  }
  // If the program hangs: "no output of any rank for 60 s". `wall_s`: of a monotonic clock. `states`: the letter in
  // /proc of each rank that runs and was not asked to stop; while a debugger holds one (t), silence does not count.
  std::optional<std::string> tick(double wall_s, const std::map<int, char>& states);

 private:
  double timeout_s_, heard_s_ = 0;
  bool any_output_ = false;
  AwakeClock clock_;
};

}  // namespace tlaunch
