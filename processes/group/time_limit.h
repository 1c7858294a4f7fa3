// The time after which a run is stopped and saved (launch.max_time), counted from the start of tlaunch. It includes
// tuning, waiting, restarts, and time in which tlaunch itself was stopped. One thread.
#pragma once

#include <optional>
#include <string>

namespace tlaunch {

class TimeLimit {
 public:
  TimeLimit() = default;  // no limit: never over
  // `text`: "8h" (base/quantity.h); empty: no limit. `began_s`: of monotonic_s(). `name`: its name in messages, which
  // is --max-time if there is no config. Throws UsageError.
  TimeLimit(const std::optional<std::string>& text, double began_s, const std::string& name = "launch.max_time");

  // Whether it is over, or will be `ahead_s` from now.
  bool over(double ahead_s = 0) const;
  // Whether a stop that takes `stop_s` must begin now to be done in time. Never in the first half of the limit, so that
  // a run that is cut short has trained something.
  bool stop_is_due(double stop_s) const;
  // For the line that says so: "launch.max_time 8h is up", "... is up in 12 s".
  std::string told() const;
  double left_s() const;  // infinite without a limit
  // A warning for a run that will take `likely_s` in total; "" if that is within the limit.
  std::string shortfall(double likely_s) const;

 private:
  std::optional<double> limit_s_;
  double end_s_ = 0;
  std::string text_, name_;
};

}  // namespace tlaunch
