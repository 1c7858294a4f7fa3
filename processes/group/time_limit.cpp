#include "processes/group/time_limit.h"

#include <algorithm>
#include <limits>

#include "base/clock.h"
#include "base/quantity.h"
#include "base/text.h"
#include "base/units.h"

namespace tlaunch {

TimeLimit::TimeLimit(const std::optional<std::string>& text, double began_s, const std::string& name) : name_(name) {
  if (!text) return;
  text_ = *text;
  limit_s_ = parse_duration_s(name_, text_);
  end_s_ = began_s + *limit_s_;
}

bool TimeLimit::over(double ahead_s) const { return limit_s_ && monotonic_s() + ahead_s >= end_s_; }

bool TimeLimit::stop_is_due(double stop_s) const { return limit_s_ && over(std::min(stop_s, *limit_s_ / 2)); }

double TimeLimit::left_s() const { return limit_s_ ? end_s_ - monotonic_s() : std::numeric_limits<double>::infinity(); }

std::string TimeLimit::shortfall(double likely_s) const {
  if (!limit_s_ || likely_s <= *limit_s_) return "";
  return format_text(
      "{} {} is less than the {} that the run takes. The run will be saved then and end with exit code 75; "
      "to continue, run the same command with --resume auto",
      name_, text_, format_duration(likely_s));
}

std::string TimeLimit::told() const {
  const double left = left_s();
  return format_text("{} {} is up{}", name_, text_, left >= 1 ? " in " + format_duration(left) : "");
}

}  // namespace tlaunch
