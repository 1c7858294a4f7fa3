#include "config/config_rules.h"

#include <algorithm>
#include <charconv>

#include "base/name_template.h"
#include "config/batch_advice.h"

namespace tlaunch {
namespace {

// 0: not known before this machine has been looked at.
std::int64_t number_of_ranks(const RunConfig& config) {
  std::int64_t ranks = 0;
  const std::string& text = config.launch.nproc;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ranks);
  return error == std::errc() && end == text.data() + text.size() ? ranks : 0;
}

void check_batch(const RunConfig& config, std::vector<BrokenRule>& broken) {
  // What holds for any number of ranks; batch.h checks the rest once they are known.
  const TrainConfig& train = config.train;
  if (!train.effective_batch_size) return;  // it is made of the others
  const std::int64_t effective = *train.effective_batch_size;
  const std::int64_t unit = train.batch_size.value_or(1) * train.gradient_accumulation_steps.value_or(1);
  if (effective % unit == 0) return;
  std::vector<std::string> keys;
  std::string product;
  if (train.batch_size) {
    keys.push_back("train.batch_size");
    product = "train.batch_size=" + std::to_string(*train.batch_size);
  }
  if (train.gradient_accumulation_steps) {
    keys.push_back("train.gradient_accumulation_steps");
    product += (product.empty() ? "" : " x ") +
               ("train.gradient_accumulation_steps=" + std::to_string(*train.gradient_accumulation_steps));
  }
  keys.push_back("train.effective_batch_size");
  const bool both = train.batch_size && train.gradient_accumulation_steps;
  const std::int64_t ranks = number_of_ranks(config);
  const std::string expected =
      ranks > 0 ? nearest_effective_batches(effective, ranks, train.batch_size, train.gradient_accumulation_steps)
                : (both ? "" : "a multiple of ") + std::to_string(unit) + " x the number of ranks";
  broken.push_back({keys, product + " does not divide train.effective_batch_size=" + std::to_string(effective) +
                              "; expected " + expected});
}

void check_monitor(const CheckpointConfig& checkpoint, const ModelDescription& model, std::vector<BrokenRule>& broken) {
  const auto known = [&](const std::string& name) {
    return std::find(model.metrics.begin(), model.metrics.end(), name) != model.metrics.end();
  };
  std::string all;
  for (const auto& name : model.metrics) all += (all.empty() ? "" : ", ") + name;
  if (!known(checkpoint.monitor))
    broken.push_back({{"checkpoint.monitor"},
                      "model " + model.name + " yields no metric " + checkpoint.monitor + "; expected one of " + all});
  for (const auto& name : NameTemplate(checkpoint.filename).names())
    if (name != "epoch" && name != "step" && !known(name))
      broken.push_back({{"checkpoint.filename"}, "there is no {" + name + "}; expected epoch, step, " + all});
}

}  // namespace

std::vector<BrokenRule> broken_rules(const RunConfig& config, const WorkerDescription& worker) {
  std::vector<BrokenRule> broken;
  const TrainConfig& train = config.train;

  const ModelDescription* model = worker.model(config.model.name);
  const DatasetDescription* dataset = worker.dataset(config.data.name);
  if (model && dataset && model->sample_kind != dataset->sample_kind)
    broken.push_back({{"model.name", "data.name"},
                      "model " + model->name + " takes samples of kind " + model->sample_kind + ", but data set " +
                          dataset->name + " has kind " + dataset->sample_kind + "; expected the same kind"});

  if (train.schedule == ScheduleKind::step && !train.step_epochs)
    broken.push_back({{"train.schedule", "train.step_epochs"},
                      "schedule step needs train.step_epochs; expected its number of epochs"});
  if (train.schedule != ScheduleKind::step && train.step_epochs)
    broken.push_back({{"train.step_epochs", "train.schedule"},
                      std::string("train.step_epochs is for train.schedule=step, which is ") +
                          to_string(train.schedule) + "; expected none"});
  if (train.momentum != 0 && train.optimizer != OptimizerKind::sgd)
    broken.push_back({{"train.momentum", "train.optimizer"},
                      std::string("train.momentum is for train.optimizer=sgd, which is ") + to_string(train.optimizer) +
                          "; expected 0"});
  check_batch(config, broken);
  if (model) check_monitor(config.checkpoint, *model, broken);

  const auto precision = config.gpu.mixed_precision;
  if (config.model.dtype == FloatType::float64 && precision && *precision != Precision::fp32)
    broken.push_back({{"gpu.mixed_precision", "model.dtype"},
                      std::string("gpu.mixed_precision=") + to_string(*precision) +
                          " does not go with model.dtype=float64; expected off or auto"});
  if (config.deterministic && config.gpu.cudnn_benchmark.value_or(false))
    broken.push_back({{"gpu.cudnn_benchmark", "deterministic"},
                      "gpu.cudnn_benchmark=true does not go with deterministic=true; expected false or auto"});
  return broken;
}

}  // namespace tlaunch
