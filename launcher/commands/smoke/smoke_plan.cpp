#include "launcher/commands/smoke/smoke_plan.h"

#include <algorithm>

#include "base/json.h"
#include "config/cadence.h"

namespace tlaunch {
namespace {

constexpr double share_of_epochs = 0.7;  // the rest: two starts of workers, the resumed part, errors of the guess
constexpr double longest_grace_s = 5;
constexpr std::int64_t steps_done_again = 20;  // enough to check optimizer, sampler and augmentation after a resume

}  // namespace

RunConfig smoke_config(RunConfig config) {
  config.eval = EvalConfig{.every_n_epochs = 1, .every_n_steps = {}, .every_n_kimg = {}};
  config.checkpoint.every_n_epochs = 1;
  config.checkpoint.every_n_steps.reset();
  config.checkpoint.every_n_kimg.reset();
  config.checkpoint.every_minutes.reset();
  config.checkpoint.dirpath.reset();
  config.checkpoint.save_top_k = -1;  // part 2 needs the first epoch's checkpoint
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

StartEvent full_run_facts(StartEvent facts, const RunConfig& config) {
  const std::int64_t effective_batch = std::max<std::int64_t>(1, facts.effective_batch_size);
  facts.steps_per_evaluation = steps_per_evaluation(config.eval, facts.steps_per_epoch, effective_batch);
  facts.steps_per_checkpoint = steps_per_checkpoint(config.checkpoint, facts.steps_per_epoch, effective_batch);
  return facts;
}

}  // namespace tlaunch
