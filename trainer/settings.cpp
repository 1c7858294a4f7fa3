#include "trainer/settings.h"

#include "base/atomic_file.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/json_problem.h"
#include "base/text.h"
#include "config/batch.h"
#include "config/cadence.h"
#include "config/effective_batch.h"
#include "contract/plan.h"

namespace tlaunch {
namespace {

constexpr std::int64_t safe_micro_batch = 128;

template <typename T>
void default_to(std::optional<T>& value, T fallback) {
  if (!value) value = fallback;
}

}  // namespace

RunConfig with_safe_defaults(RunConfig config, int world_size) {
  if (!config.train.effective_batch_size) {
    const std::int64_t batch = closest_effective_batch(config.train, world_size);
    config.train.learning_rate = scaled_learning_rate(config.train, batch).learning_rate;
    config.train.effective_batch_size = batch;
  }
  const auto split = split_batch(*config.train.effective_batch_size, world_size, config.train.batch_size,
                                 config.train.gradient_accumulation_steps, safe_micro_batch);
  config.train.batch_size = split.micro_batch;
  config.train.gradient_accumulation_steps = split.accumulation;
  default_to(config.data.num_workers, std::int64_t{1});
  default_to(config.data.prefetch_factor, std::int64_t{2});
  default_to(config.data.pin_memory, false);
  default_to(config.gpu.mixed_precision, Precision::fp32);
  default_to(config.gpu.tf32, false);
  default_to(config.gpu.cudnn_benchmark, false);
  default_to(config.gpu.channels_last, false);
  default_to(config.log.log_interval, std::int64_t{10});
  default_to(config.log.gpu_log_interval, std::int64_t{50});
  if (save_interval_is_open(config.checkpoint)) config.checkpoint.every_n_steps = 1000;
  return config;
}

WorkerSettings worker_settings(const WorkerContext& context, const WorkerDescription& worker, const std::string& path,
                               const std::vector<std::string>& overrides) {
  WorkerSettings settings;
  auto config = load_config({path, overrides, environment_value}, worker).config;
  if (!context.plan_path.empty()) {
    try {
      const auto plan = plan_from_json(Json::parse(read_file(context.plan_path, small_file_bytes)));
      settings.memory_budget_bytes = plan.memory_budget_bytes;
      settings.samples_per_s = plan.samples_per_s;
      config = apply(std::move(config), plan);
    } catch (const nlohmann::json::exception& error) {
      throw UsageError(format_text("{}: {}", context.plan_path, json_problem(error)));
    }
  }
  settings.config = with_safe_defaults(std::move(config), context.world_size);
  return settings;
}

}  // namespace tlaunch
