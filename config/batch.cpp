#include "config/batch.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "config/batch_advice.h"

namespace tlaunch {
namespace {

void check_range(const std::string& what, std::int64_t value) {
  if (value < 1 || value > largest_batch)
    throw UsageError(format_text("{} is {}; expected 1 to {}", what, value, largest_batch));
}

std::vector<std::int64_t> divisors(std::int64_t n) {  // ascending
  std::vector<std::int64_t> low, high;
  for (std::int64_t d = 1; d * d <= n; ++d) {
    if (n % d != 0) continue;
    low.push_back(d);
    if (d != n / d) high.push_back(n / d);
  }
  low.insert(low.end(), high.rbegin(), high.rend());
  return low;
}

// The divisors of `n` next to `value`, which is not one itself: "64 or 128".
std::string nearest_divisors(std::int64_t value, std::int64_t n) {
  const std::vector<std::int64_t> all = divisors(n);
  const auto above = std::lower_bound(all.begin(), all.end(), value);
  if (above == all.end()) return std::to_string(all.back());
  if (above == all.begin()) return std::to_string(*above);
  return format_text("{} or {}", *(above - 1), *above);
}

// The settings that the user fixed, and what the message of a refusal may suggest.
struct Wish {
  std::int64_t effective_batch, world_size;
  std::optional<std::int64_t> micro_batch, accumulation;
  BatchAdvice advice;

  std::int64_t most() const { return advice.train_samples > 0 ? advice.train_samples : largest_batch; }
  // Whether the effective batch can stay: only then do other values of the other settings help.
  bool keeps_effective() const { return effective_batch <= most(); }

  // "2 ranks": the next smaller number that can share the effective batch; "" if there is none.
  std::string fewer_ranks() const {
    const std::int64_t unit = micro_batch.value_or(1) * accumulation.value_or(1);
    for (std::int64_t ranks = std::min(world_size - 1, effective_batch); ranks >= 1; --ranks) {
      if (effective_batch % ranks != 0 || effective_batch / ranks % unit != 0) continue;
      if (micro_batch && accumulation && effective_batch / ranks != unit) continue;
      return format_number_of(ranks, "rank");
    }
    if (advice.other_effective) return "";
    return "1 rank with train.batch_size=auto and train.gradient_accumulation_steps=auto";
  }

  [[noreturn]] void refuse(const std::string& why, const std::vector<std::string>& beside) const {
    std::vector<std::string> instead;
    if (advice.other_effective)
      instead.push_back(nearest_effective_batches(effective_batch, world_size, micro_batch, accumulation, most()));
    if (keeps_effective()) instead.insert(instead.end(), beside.begin(), beside.end());
    const std::string settings = joined(instead, ", or ");
    const std::string advised = settings.empty() ? "start fewer ranks" : "nearest settings that work: " + settings;
    throw UsageError(format_text("train.effective_batch_size={} {}; {}", effective_batch, why, advised));
  }
};

}  // namespace

BatchSplit split_batch(std::int64_t effective_batch, std::int64_t world_size, std::optional<std::int64_t> micro_batch,
                       std::optional<std::int64_t> accumulation, std::int64_t micro_batch_limit) {
  return split_batch(effective_batch, world_size, micro_batch, accumulation, micro_batch_limit, {});
}

BatchSplit split_batch(std::int64_t effective_batch, std::int64_t world_size, std::optional<std::int64_t> micro_batch,
                       std::optional<std::int64_t> accumulation, std::int64_t micro_batch_limit,
                       const BatchAdvice& advice) {
  static const std::string micro_key = "train.batch_size", accumulation_key = "train.gradient_accumulation_steps";
  check_range("train.effective_batch_size", effective_batch);
  check_range("the number of ranks", world_size);
  if (micro_batch) check_range(micro_key, *micro_batch);
  if (accumulation) check_range(accumulation_key, *accumulation);

  const Wish wish{effective_batch, world_size, micro_batch, accumulation, advice};
  const std::string ranks = format_number_of(world_size, "rank");
  if (effective_batch % world_size != 0) {
    wish.refuse("cannot be divided equally among " + ranks, {wish.fewer_ranks()});
  }
  const std::int64_t per_rank = effective_batch / world_size;

  if (micro_batch && accumulation) {
    if (per_rank % *micro_batch == 0 && per_rank / *micro_batch == *accumulation)
      return {*micro_batch, *accumulation, world_size};
    std::string beside;
    if (per_rank % *micro_batch == 0)
      beside = format_text("{}={}", accumulation_key, per_rank / *micro_batch);
    else if (per_rank % *accumulation == 0)
      beside = format_text("{}={}", micro_key, per_rank / *accumulation);
    else
      beside = format_text("{}={} with {}=auto", micro_key, nearest_divisors(*micro_batch, per_rank), accumulation_key);
    wish.refuse(
        format_text("is not {}={} x {}={} x {}", micro_key, *micro_batch, accumulation_key, *accumulation, ranks),
        {beside});
  }
  if (micro_batch || accumulation) {
    const std::string& key = micro_batch ? micro_key : accumulation_key;
    const std::int64_t fixed = micro_batch ? *micro_batch : *accumulation;
    if (per_rank % fixed != 0)
      wish.refuse(format_text("is not a multiple of {}={} x {}", key, fixed, ranks),
                  {format_text("{}={}", key, nearest_divisors(fixed, per_rank))});
    return {micro_batch ? fixed : per_rank / fixed, micro_batch ? per_rank / fixed : fixed, world_size};
  }

  std::int64_t best = 1, best_of_four = 0;
  for (const std::int64_t divisor : divisors(per_rank)) {
    if (divisor > micro_batch_limit) break;
    best = divisor;
    if (divisor % 4 == 0) best_of_four = divisor;
  }
  if (best_of_four > 0) best = best_of_four;
  return {best, per_rank / best, world_size};
}

}  // namespace tlaunch
