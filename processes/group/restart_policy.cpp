#include "processes/group/restart_policy.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/units.h"

namespace tlaunch {
namespace {

constexpr double first_wait_s = 1, longest_wait_s = 60;
constexpr std::int64_t most_without_progress = 2;

// sysexits.h and what shells return: the next attempt would end the same way.
std::string hopeless(int code) {
  switch (code) {
    case exit_code::usage:
    case 64:
    case 78: return "wrong usage or config";
    case exit_code::bad_data: return "bad data or checkpoint";
    case exit_code::io: return "saving gave up";
    case 126:
    case 127: return "the program cannot be started";
    default: return "";
  }
}

}  // namespace

std::string to_text(const RestartDecision& decision) {
  if (decision.wait_s) return "restart in " + format_duration(*decision.wait_s);
  return decision.why_not.empty() ? "no restart" : decision.why_not;
}

RestartDecision RestartPolicy::after(const AttemptEnd& end, double random) {
  if (end.exit_code == exit_code::ok || end.exit_code == exit_code::preempted || max_restarts_ == 0) return {};
  if (const auto why = hopeless(end.exit_code); !why.empty())
    return {{}, "not restarted: exit code " + std::to_string(end.exit_code) + " (" + why + ") would be the same again"};
  const bool advanced = end.saved_step && (!saved_step_ || *end.saved_step > *saved_step_);
  without_progress_ = advanced ? 0 : without_progress_ + 1;
  saved_step_ = end.saved_step;
  if (knows_progress_ && without_progress_ >= most_without_progress)
    return {{}, "not restarted: two attempts in a row made no new checkpoint"};
  if (restarts_ >= max_restarts_)
    return {{},
            "not restarted: that was restart " + std::to_string(restarts_) + " of " + std::to_string(max_restarts_)};
  ++restarts_;
  const double doublings = static_cast<double>(std::max<std::int64_t>(0, without_progress_ - 1));
  return {std::min(longest_wait_s, first_wait_s * std::exp2(doublings)) * (0.5 + random), ""};
}

}  // namespace tlaunch
