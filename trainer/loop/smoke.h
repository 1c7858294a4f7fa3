// A smoke test's shortened epochs (contract/worker_env.h: TLAUNCH_SMOKE).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tlaunch {

struct SmokePlan {
  std::optional<std::int64_t> epochs;           // first part: stop after so many shortened epochs
  double epoch_budget_s = 0;                    // 0: epochs are not shortened
  std::optional<std::int64_t> steps_per_epoch;  // second part: known from the first
  std::optional<std::int64_t> stop_step;
};

// Nothing for an empty text. Throws UsageError where it is not what the launcher writes.
std::optional<SmokePlan> smoke_plan_from(const std::string& json);

// Steps of a shortened epoch: what fits 60 % of its budget (the rest is evaluation, saving and error of the guess), at
// least 2, at most `full_steps`. Pure.
std::int64_t smoke_steps(double step_time_s, double epoch_budget_s, std::int64_t full_steps);

}  // namespace tlaunch
