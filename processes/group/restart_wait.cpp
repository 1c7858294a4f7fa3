#include "processes/group/restart_wait.h"

#include <poll.h>

#include <chrono>
#include <random>

#include "processes/group/trace.h"
#include "processes/guard/signal_takeover.h"

namespace tlaunch {

double random_share() {
  static std::mt19937_64 random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(random);
}

int wait_unless_told(double wait_s) {
  SignalTakeover signals;
  pollfd told{signals.fd(), POLLIN, 0};
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(wait_s);
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    if (left <= 0) return 0;
    ::poll(&told, 1, static_cast<int>(left));
    if (const auto arrival = signals.next(); arrival.signal != 0) {
      trace_arrival(arrival);
      return arrival.signal;
    }
  }
}

}  // namespace tlaunch
