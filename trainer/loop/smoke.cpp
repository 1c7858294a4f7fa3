#include "trainer/loop/smoke.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "base/json_problem.h"
#include "base/text.h"
#include "contract/worker_env.h"

namespace tlaunch {

std::optional<SmokePlan> smoke_plan_from(const std::string& json) {
  if (json.empty()) return std::nullopt;
  try {
    const auto parsed = Json::parse(json);
    SmokePlan plan;
    if (parsed.contains("epochs")) plan.epochs = parsed["epochs"].get<std::int64_t>();
    if (parsed.contains("epoch_budget_s")) plan.epoch_budget_s = parsed["epoch_budget_s"].get<double>();
    if (parsed.contains("steps_per_epoch")) plan.steps_per_epoch = parsed["steps_per_epoch"].get<std::int64_t>();
    if (parsed.contains("stop_step")) plan.stop_step = parsed["stop_step"].get<std::int64_t>();
    return plan;
  } catch (const nlohmann::json::exception& error) {
    throw UsageError(format_text("environment: {}: {}", env::smoke, json_problem(error)));
  }
}

std::int64_t smoke_steps(double step_time_s, double epoch_budget_s, std::int64_t full_steps) {
  if (epoch_budget_s <= 0) return full_steps;
  const double fit = std::floor(0.6 * epoch_budget_s / std::max(step_time_s, 1e-9));
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(std::min(fit, 1e15)), std::min<std::int64_t>(2, full_steps),
                                  full_steps);
}

}  // namespace tlaunch
