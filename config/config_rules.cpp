#include "config/config_rules.h"

#include <algorithm>
#include <charconv>

#include "base/name_template.h"
#include "base/text.h"
#include "config/batch_advice.h"

namespace tlaunch {
namespace {

// 0: unknown, because launch.nproc depends on the machine.
std::int64_t number_of_ranks(const RunConfig& config) {
  std::int64_t ranks = 0;
  const std::string& text = config.launch.nproc;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ranks);
  return error == std::errc() && end == text.data() + text.size() ? ranks : 0;
}

void check_batch(const RunConfig& config, std::vector<BrokenRule>& broken) {
  // Checks only what holds for any number of ranks. batch.h checks the rest when their number is known.
  const TrainConfig& train = config.train;
  if (!train.effective_batch_size) return;  // it will be their product
  const std::int64_t effective = *train.effective_batch_size;
  const std::int64_t unit = train.batch_size.value_or(1) * train.gradient_accumulation_steps.value_or(1);
  if (effective % unit == 0) return;
  std::vector<std::string> keys;
  std::vector<std::string> factors;
  const auto add_factor = [&](const char* key, const std::optional<std::int64_t>& value) {
    if (!value) return;
    keys.push_back(key);
    factors.push_back(format_text("{}={}", key, *value));
  };
  add_factor("train.batch_size", train.batch_size);
  add_factor("train.gradient_accumulation_steps", train.gradient_accumulation_steps);
  keys.push_back("train.effective_batch_size");
  const bool both = train.batch_size && train.gradient_accumulation_steps;
  const std::int64_t ranks = number_of_ranks(config);
  const std::string expected =
      ranks > 0 ? nearest_effective_batches(effective, ranks, train.batch_size, train.gradient_accumulation_steps)
                : format_text("{}{} x the number of ranks", both ? "" : "a multiple of ", unit);
  broken.push_back({keys, format_text("{} does not divide train.effective_batch_size={}; expected {}",
                                      joined(factors, " x "), effective, expected)});
}

void check_monitor(const CheckpointConfig& checkpoint, const ModelDescription& model, std::vector<BrokenRule>& broken) {
  const auto known = [&](const std::string& name) {
    return std::find(model.metrics.begin(), model.metrics.end(), name) != model.metrics.end();
  };
  const std::string all = joined(model.metrics, ", ");
  if (!known(checkpoint.monitor))
    broken.push_back(
        {{"checkpoint.monitor"},
         format_text("model {} has no metric {}; expected one of {}", model.name, quoted(checkpoint.monitor), all)});
  for (const auto& name : NameTemplate(checkpoint.filename).names())
    if (name != "epoch" && name != "step" && !known(name))
      broken.push_back(
          {{"checkpoint.filename"}, format_text("unknown field {{{}}}; expected one of epoch, step, {}", name, all)});
}

}  // namespace

std::vector<BrokenRule> broken_rules(const RunConfig& config, const WorkerDescription& worker) {
  std::vector<BrokenRule> broken;
  const TrainConfig& train = config.train;

  const ModelDescription* model = worker.model(config.model.name);
  const DatasetDescription* dataset = worker.dataset(config.data.name);
  if (model && dataset && model->sample_kind != dataset->sample_kind)
    broken.push_back({{"model.name", "data.name"},
                      format_text("model {} needs samples of kind {}, but data set {} has kind {}; "
                                  "choose another model or data set",
                                  model->name, model->sample_kind, dataset->name, dataset->sample_kind)});

  if (train.schedule == ScheduleKind::step && !train.step_epochs)
    broken.push_back({{"train.schedule", "train.step_epochs"},
                      "train.schedule=step needs train.step_epochs; expected a number of epochs there"});
  if (train.schedule != ScheduleKind::step && train.step_epochs)
    broken.push_back({{"train.step_epochs", "train.schedule"},
                      format_text("train.step_epochs needs train.schedule=step, but the schedule is {}; expected none",
                                  to_string(train.schedule))});
  if (train.momentum != 0 && train.optimizer != OptimizerKind::sgd)
    broken.push_back({{"train.momentum", "train.optimizer"},
                      format_text("train.momentum needs train.optimizer=sgd, but the optimizer is {}; expected 0",
                                  to_string(train.optimizer))});
  check_batch(config, broken);
  if (model) check_monitor(config.checkpoint, *model, broken);

  const auto precision = config.gpu.mixed_precision;
  if (config.model.dtype == FloatType::float64 && precision && *precision != Precision::fp32)
    broken.push_back({{"gpu.mixed_precision", "model.dtype"},
                      format_text("gpu.mixed_precision={} cannot be combined with model.dtype=float64; expected "
                                  "off or auto",
                                  to_string(*precision))});
  if (config.deterministic && config.gpu.cudnn_benchmark.value_or(false))
    broken.push_back({{"gpu.cudnn_benchmark", "deterministic"},
                      "gpu.cudnn_benchmark=true cannot be combined with deterministic=true; expected false or auto"});
  return broken;
}

}  // namespace tlaunch
