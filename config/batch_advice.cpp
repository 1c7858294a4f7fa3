#include "config/batch_advice.h"

#include <algorithm>

#include "base/text.h"
#include "base/units.h"

namespace tlaunch {
namespace {

// The multiples of `unit` next to `value`, or `value` itself: "192 or 384"; "" if there is none up to `most`.
std::string nearest_multiples(std::int64_t value, std::int64_t unit, std::int64_t most) {
  const std::int64_t below = std::min(value, most) / unit * unit, above = below + unit;
  std::string text = below >= unit ? std::to_string(below) : "";
  if (below != value && value <= most && above <= most) text += (text.empty() ? "" : " or ") + std::to_string(above);
  return text;
}

}  // namespace

std::string nearest_effective_batches(std::int64_t value, std::int64_t world_size,
                                      std::optional<std::int64_t> micro_batch, std::optional<std::int64_t> accumulation,
                                      std::int64_t most) {
  struct Attempt {
    bool micro_batch, accumulation;  // which of the two stay fixed
  };
  for (const auto [keeps_micro, keeps_accumulation] :
       {Attempt{true, true}, Attempt{true, false}, Attempt{false, true}, Attempt{false, false}}) {
    std::int64_t unit = world_size;
    if (keeps_micro && __builtin_mul_overflow(unit, micro_batch.value_or(1), &unit)) continue;
    if (keeps_accumulation && __builtin_mul_overflow(unit, accumulation.value_or(1), &unit)) continue;
    const bool all_fixed = keeps_micro && keeps_accumulation && micro_batch && accumulation;
    std::string batches = all_fixed ? (unit <= most ? std::to_string(unit) : "") : nearest_multiples(value, unit, most);
    if (batches.empty()) continue;
    const bool frees_micro = micro_batch && !keeps_micro;
    if (frees_micro) batches += " with train.batch_size=auto";
    if (accumulation && !keeps_accumulation)
      batches += std::string(frees_micro ? " and " : " with ") + "train.gradient_accumulation_steps=auto";
    return "train.effective_batch_size=" + batches;
  }
  return "";
}

std::string larger_than_data(std::int64_t effective_batch, std::int64_t train_samples, std::int64_t world_size,
                             std::optional<std::int64_t> micro_batch, std::optional<std::int64_t> accumulation) {
  const std::string largest =
      nearest_effective_batches(effective_batch, world_size, micro_batch, accumulation, train_samples);
  return format_text("train.effective_batch_size={} is more than the {}; {}", effective_batch,
                     format_number_of(train_samples, "training sample"),
                     largest.empty() ? "start at most " + format_number_of(train_samples, "rank")
                                     : "the largest possible is " + largest);
}

}  // namespace tlaunch
