#include "processes/hang/silence_watch.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "processes/hang/hang_limits.h"

namespace tlaunch {

std::optional<std::string> SilenceWatch::tick(double wall_s, const std::map<int, char>& states) {
  clock_.tick(wall_s);
  for (const auto& [rank, state] : states)
    if (state == 't') heard_s_ = clock_.now_s();
  const double limit_s = any_output_ ? timeout_s_ : std::max(least_start_up_s, timeout_s_);
  const double silence_s = clock_.now_s() - heard_s_;
  if (states.empty() || silence_s <= limit_s) return std::nullopt;
  return format_text("no output of any rank for {} s{}", std::llround(silence_s),
                     any_output_ ? "" : ", since the start");
}

}  // namespace tlaunch
