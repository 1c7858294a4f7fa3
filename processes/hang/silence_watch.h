// Whether a plain program hangs: nothing is known of it but that it writes. Fed with its output and asked at each tick.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "processes/hang/awake_clock.h"

namespace tlaunch {

class SilenceWatch {
 public:
  // `timeout_s`: of silence; before the first output of any rank 60 s at least (hang_limits.h).
  explicit SilenceWatch(double timeout_s) : timeout_s_(timeout_s) {}
  void on_output() {
    any_output_ = true;
    heard_s_ = clock_.now_s();
  }
  // Where it hangs: "no output of any rank for 60 s". `wall_s`: of a monotonic clock. `states`: the letter in /proc of
  // each rank that runs and was not told to stop; where a debugger holds one (t) the silence does not count.
  std::optional<std::string> tick(double wall_s, const std::map<int, char>& states);

 private:
  double timeout_s_, heard_s_ = 0;
  bool any_output_ = false;
  AwakeClock clock_;
};

}  // namespace tlaunch
