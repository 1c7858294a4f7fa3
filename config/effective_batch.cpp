#include "config/effective_batch.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "config/batch.h"

namespace tlaunch {
namespace {

bool is_linear(const TrainConfig& train) { return train.optimizer == OptimizerKind::sgd; }

double six_digits(double value) { return std::strtod(format_text("{:.6g}", value).c_str(), nullptr); }

}  // namespace

std::int64_t closest_effective_batch(const TrainConfig& train, std::int64_t world_size, std::int64_t train_samples) {
  std::int64_t unit = world_size;
  for (const std::int64_t factor : {train.batch_size.value_or(4), train.gradient_accumulation_steps.value_or(1)})
    if (__builtin_mul_overflow(unit, factor, &unit) || unit > largest_batch)
      throw UsageError(
          format_text("train.batch_size x train.gradient_accumulation_steps x {} is more than {}; "
                      "set smaller ones",
                      format_number_of(world_size, "rank"), largest_batch));
  if (train.batch_size && train.gradient_accumulation_steps) return unit;
  const std::int64_t below = std::max(unit, reference_effective_batch / unit * unit), above = below + unit;
  const std::int64_t closest =
      std::abs(reference_effective_batch - below) <= std::abs(above - reference_effective_batch) ? below : above;
  if (train_samples == 0 || closest <= train_samples) return closest;
  if (!train.batch_size && unit > train_samples) unit /= 4;  // few samples are not a reason to refuse the job
  return std::max(unit, train_samples / unit * unit);
}

ScaledRate scaled_learning_rate(const TrainConfig& train, std::int64_t effective_batch) {
  const char* rule = is_linear(train) ? "linear rule" : "square-root rule";
  if (effective_batch == reference_effective_batch) return {train.learning_rate, rule};
  const double ratio = static_cast<double>(effective_batch) / static_cast<double>(reference_effective_batch);
  return {six_digits(train.learning_rate * (is_linear(train) ? ratio : std::sqrt(ratio))), rule};
}

}  // namespace tlaunch
