// Whether a group that failed is started again, and after how long. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tlaunch {

struct AttemptEnd {
  int exit_code = 0;
  std::optional<std::int64_t> saved_step;  // of the newest whole checkpoint; nothing where there is none
};

struct RestartDecision {
  std::optional<double> wait_s;  // until the next attempt; nothing: there is none ...
  std::string why_not;           // ... because of this; "" where there was nothing to restart
};

std::string to_text(const RestartDecision& decision);  // "restart in 1.2 s", "not restarted: ..."

class RestartPolicy {
 public:
  // `saved_step`: where the first attempt starts. `knows_progress`: whether checkpoints are seen at all; of a plain
  // program's they are not.
  RestartPolicy(std::int64_t max_restarts, std::optional<std::int64_t> saved_step, bool knows_progress = true)
      : max_restarts_(max_restarts), saved_step_(saved_step), knows_progress_(knows_progress) {}

  // Usage, config, data and disk errors are the same next time. Two attempts in a row that saved nothing new are
  // enough. Else: 1 s, doubled with each attempt without a new checkpoint, 60 s at most, times 0.5 to 1.5 by `random`
  // (0 to 1), so that jobs that failed together do not all come back at once.
  RestartDecision after(const AttemptEnd& end, double random);

 private:
  std::int64_t max_restarts_, restarts_ = 0, without_progress_ = 0;
  std::optional<std::int64_t> saved_step_;
  bool knows_progress_;
};

}  // namespace tlaunch
