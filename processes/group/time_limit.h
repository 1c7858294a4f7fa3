// The time after which a run is to be stopped and saved (launch.max_time), counted from the start of tlaunch: tuning,
// waiting and restarts included, and time in which tlaunch itself was stopped. One thread.
#pragma once

#include <optional>
#include <string>

namespace tlaunch {

class TimeLimit {
 public:
  TimeLimit() = default;  // none: never over
  // `text`: "8h" (base/quantity.h); nothing: none. `began_s`: of monotonic_s(). `name`: how messages call it, which is
  // --max-time where there is no config. Throws UsageError.
  TimeLimit(const std::optional<std::string>& text, double began_s, const std::string& name = "launch.max_time");

  // Whether it is over, or will be `ahead_s` from now.
  bool over(double ahead_s = 0) const;
  // Whether a stop that takes so long must begin now to be done in time. Not in the first half of the time, however
  // long it takes: a run that is cut short has trained something.
  bool stop_is_due(double stop_s) const;
  // For the line that says so: "launch.max_time 8h is up", "... is up in 12 s".
  std::string told() const;
  double left_s() const;  // infinite where there is none
  // What to tell where the run will take `likely_s` in all; "" where it can be done.
  std::string shortfall(double likely_s) const;

 private:
  std::optional<double> limit_s_;
  double end_s_ = 0;
  std::string text_, name_;
};

}  // namespace tlaunch
