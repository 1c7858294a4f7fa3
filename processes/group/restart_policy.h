// Whether a group that failed is started again, and the wait until then.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tlaunch {

struct AttemptEnd {
  int exit_code = 0;
  std::optional<std::int64_t> saved_step;  // of the newest valid checkpoint; empty: there is none
};

struct RestartDecision {
  std::optional<double> wait_s;  // until the next attempt; empty: there is no next attempt ...
  std::string why_not;           // ... because of this; "" if there was nothing to restart
};

std::string to_text(const RestartDecision& decision);  // "restart in 1.2 s", "not restarted: ..."

// Pure.
class RestartPolicy {
 public:
  // `saved_step`: where the first attempt starts. `knows_progress`: whether checkpoints can be seen at all; those of a
  // plain program cannot.
  RestartPolicy(std::int64_t max_restarts, std::optional<std::int64_t> saved_step, bool knows_progress = true)
      : max_restarts_(max_restarts), saved_step_(saved_step), knows_progress_(knows_progress) {}

  // No restart after an error of usage, config, data or disk, which would occur again, nor after two attempts in a row
  // that saved nothing new. Otherwise the wait is 1 s, doubled with each attempt without a new checkpoint, at most 60
  // s, times 0.5 to 1.5 by `random` (0 to 1), so that jobs that failed together do not all come back at once.
  RestartDecision after(const AttemptEnd& end, double random);

 private:
  std::int64_t max_restarts_, restarts_ = 0, without_progress_ = 0;
  std::optional<std::int64_t> saved_step_;
  bool knows_progress_;
};

// A random number from 0 to 1, for RestartPolicy::after().
double random_share();

// Waits for `wait_s`, or until a signal asks for a stop: SIGTERM or SIGUSR1; SIGINT or SIGHUP unless it is ignored.
// Returns that signal, or 0 after the whole wait.
int wait_unless_told(double wait_s);

}  // namespace tlaunch
