// A smoke test's shortened epochs (contract/worker_env.h: TLAUNCH_SMOKE).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tlaunch {

struct SmokePlan {
  std::optional<std::int64_t> epochs;           // first part: the number of shortened epochs to train
  double epoch_budget_s = 0;                    // 0: epochs are not shortened
  std::optional<std::int64_t> steps_per_epoch;  // second part: known from the first
  std::optional<std::int64_t> stop_step;
};

// Nothing for an empty text. Throws UsageError if the text is not of the form that the launcher writes.
std::optional<SmokePlan> smoke_plan_from(const std::string& json);

// Steps of a shortened epoch: as many as fit in 60 % of its budget (the rest is for evaluation, saving and the error of
// this estimate), at least 2, at most `full_steps`. Pure.
std::int64_t smoke_steps(double step_time_s, double epoch_budget_s, std::int64_t full_steps);

}  // namespace tlaunch
