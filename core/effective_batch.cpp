#include "core/effective_batch.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/batch.h"
#include "core/error.h"
#include "core/json.h"

namespace tlaunch {
namespace {

bool is_linear(const TrainConfig& train) { return train.optimizer == OptimizerKind::sgd; }

double six_digits(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", value);
  return std::strtod(text, nullptr);
}

std::string text_of(double rate) { return Json(rate).dump(); }

std::string reason_of(const TrainConfig& train, const ScaledRate& rate, std::int64_t batch) {
  const std::string reference = std::to_string(reference_effective_batch);
  const std::string batches = std::to_string(batch) + "/" + reference;
  if (batch == reference_effective_batch)
    return text_of(rate.learning_rate) + " as written, which is for an effective batch of " + reference +
           " (another would change it by the " + rate.rule + ")";
  return std::string(rate.rule) + " of " + to_string(train.optimizer) + ": " + text_of(train.learning_rate) +
         ", written for an effective batch of " + reference + ", x " +
         (is_linear(train) ? batches : "sqrt(" + batches + ")") + " = " + text_of(rate.learning_rate) + " for " +
         std::to_string(batch);
}

}  // namespace

std::int64_t closest_effective_batch(const TrainConfig& train, std::int64_t world_size, std::int64_t train_samples) {
  std::int64_t unit = world_size;
  for (const std::int64_t factor : {train.batch_size.value_or(4), train.gradient_accumulation_steps.value_or(1)})
    if (__builtin_mul_overflow(unit, factor, &unit) || unit > largest_batch)
      throw UsageError("train.batch_size x train.gradient_accumulation_steps x " + std::to_string(world_size) +
                       " ranks is more than " + std::to_string(largest_batch) + "; take smaller ones");
  if (train.batch_size && train.gradient_accumulation_steps) return unit;
  const std::int64_t below = std::max(unit, reference_effective_batch / unit * unit), above = below + unit;
  const std::int64_t closest =
      std::abs(reference_effective_batch - below) <= std::abs(above - reference_effective_batch) ? below : above;
  if (train_samples == 0 || closest <= train_samples) return closest;
  if (!train.batch_size && unit > train_samples) unit /= 4;  // few samples are no reason to refuse them
  return std::max(unit, train_samples / unit * unit);
}

ScaledRate scaled_learning_rate(const TrainConfig& train, std::int64_t effective_batch) {
  const char* rule = is_linear(train) ? "linear rule" : "square-root rule";
  if (effective_batch == reference_effective_batch) return {train.learning_rate, rule};
  const double ratio = static_cast<double>(effective_batch) / static_cast<double>(reference_effective_batch);
  return {six_digits(train.learning_rate * (is_linear(train) ? ratio : std::sqrt(ratio))), rule};
}

void scale_learning_rate(Plan& plan, const TrainConfig& asked) {
  const Choice* batch = plan.find("train.effective_batch_size");
  if (asked.effective_batch_size || !batch) return;
  const auto samples = batch->value.get<std::int64_t>();
  const ScaledRate rate = scaled_learning_rate(asked, samples);
  const Choice made{
      "train.learning_rate",
      rate.learning_rate,
      batch->origin,
      reason_of(asked, rate, samples),
      {{"rule", rate.rule}, {"written", asked.learning_rate}, {"written_for", reference_effective_batch}}};
  const auto old = std::find_if(plan.choices.begin(), plan.choices.end(),
                                [](const Choice& choice) { return choice.key == "train.learning_rate"; });
  if (old != plan.choices.end())
    *old = made;
  else
    plan.choices.push_back(made);
}

}  // namespace tlaunch
