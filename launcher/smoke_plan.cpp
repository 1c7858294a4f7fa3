#include "launcher/smoke_plan.h"

#include <algorithm>
#include <cmath>

#include "core/json.h"

namespace tlaunch {
namespace {

constexpr double share_of_epochs = 0.7;  // the rest: two starts of workers, the resumed part, errors of the guess
constexpr double longest_grace_s = 5;
constexpr std::int64_t steps_done_again = 20;  // enough to see optimizer, sampler and augmentation go on as they were

}  // namespace

RunConfig smoke_config(RunConfig config) {
  config.eval = EvalConfig{.every_n_epochs = 1, .every_n_steps = {}, .every_n_kimg = {}};
  config.checkpoint.every_n_epochs = 1;
  config.checkpoint.every_n_steps.reset();
  config.checkpoint.dirpath.reset();
  config.log.log_interval = 1;
  config.train.early_stopping_patience.reset();
  return config;
}

SmokeBudget smoke_budget(const SmokeOptions& options, double grace_s) {
  if (options.full) return {std::nullopt, 0, grace_s};
  const double total_s = 60 * options.minutes;
  SmokeBudget budget;
  budget.total_s = total_s;
  budget.epoch_s = share_of_epochs * total_s / static_cast<double>(options.epochs);
  budget.grace_s = std::min({grace_s, longest_grace_s, total_s / 20});
  return budget;
}

std::string first_part_json(const SmokeOptions& options, const SmokeBudget& budget) {
  return Json{{"epochs", options.epochs}, {"epoch_budget_s", budget.epoch_s}}.dump();
}

std::string second_part_json(std::int64_t steps_per_epoch) {
  const std::int64_t again = std::min(steps_per_epoch, steps_done_again);
  return Json{{"steps_per_epoch", steps_per_epoch}, {"stop_step", steps_per_epoch + again}}.dump();
}

StartFacts full_run_facts(StartFacts facts, const RunConfig& config) {
  const auto cadence = [&](const std::optional<std::int64_t>& steps, const std::optional<std::int64_t>& epochs) {
    return steps ? *steps : epochs.value_or(1) * facts.steps_per_epoch;
  };
  facts.steps_per_evaluation = cadence(config.eval.every_n_steps, config.eval.every_n_epochs);
  if (config.eval.every_n_kimg && facts.effective_batch_size > 0)
    facts.steps_per_evaluation =
        std::llround(std::ceil(1000 * *config.eval.every_n_kimg / static_cast<double>(facts.effective_batch_size)));
  facts.steps_per_checkpoint = cadence(config.checkpoint.every_n_steps, config.checkpoint.every_n_epochs);
  return facts;
}

}  // namespace tlaunch
