#include "processes/group/restart_policy.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "processes/group/trace.h"
#include "processes/guard/signal_takeover.h"

namespace tlaunch {
namespace {

constexpr double first_wait_s = 1, longest_wait_s = 60;
constexpr std::int64_t most_without_progress = 2;

// Why the next attempt would end the same way; "" if it might not. Codes of tlaunch, of sysexits.h and of shells.
std::string lasting_reason(int code) {
  switch (code) {
    case exit_code::usage:
    case 64:
    case 78: return "wrong usage or config";
    case exit_code::bad_data: return "bad data or checkpoint";
    case exit_code::io: return "saving failed";
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
  if (const auto why = lasting_reason(end.exit_code); !why.empty())
    return {{}, format_text("not restarted: exit code {} ({}) would occur again", end.exit_code, why)};
  const bool advanced = end.saved_step && (!saved_step_ || *end.saved_step > *saved_step_);
  without_progress_ = advanced ? 0 : without_progress_ + 1;
  saved_step_ = end.saved_step;
  if (knows_progress_ && without_progress_ >= most_without_progress)
    return {{}, "not restarted: two attempts in a row saved no new checkpoint"};
  if (restarts_ >= max_restarts_)
    return {{}, format_text("not restarted: this was restart {} of {}", restarts_, max_restarts_)};
  ++restarts_;
  const double doublings = static_cast<double>(std::max<std::int64_t>(0, without_progress_ - 1));
  return {std::min(longest_wait_s, first_wait_s * std::exp2(doublings)) * (0.5 + random), ""};
}

double random_share() {
  static std::mt19937_64 random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(random);
}

int wait_unless_told(double wait_s) {
  SignalTakeover signals;
  pollfd stop{signals.fd(), POLLIN, 0};
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(wait_s);
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    if (left <= 0) return 0;
    ::poll(&stop, 1, static_cast<int>(left));
    if (const auto arrival = signals.next(); arrival.signal != 0) {
      trace_arrival(arrival);
      return arrival.signal;
    }
  }
}

}  // namespace tlaunch
