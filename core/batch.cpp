#include "core/batch.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/units.h"

namespace tlaunch {
namespace {

void check_range(const char* what, std::int64_t value) {
  if (value < 1 || value > largest_batch)
    throw UsageError(std::string(what) + "=" + std::to_string(value) + ": expected 1 to " +
                     std::to_string(largest_batch));
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

std::string either(std::int64_t below, std::int64_t above) {
  if (below < 1) return std::to_string(above);
  return std::to_string(below) + " or " + std::to_string(above);
}

// The multiples of `unit` next to `value`, which is none itself.
std::string nearest_multiples(std::int64_t value, std::int64_t unit) {
  const std::int64_t below = value / unit * unit;
  return either(below, below + unit);
}

// The divisors of `n` next to `value`, which is none itself.
std::string nearest_divisors(std::int64_t value, std::int64_t n) {
  const std::vector<std::int64_t> all = divisors(n);
  const auto above = std::lower_bound(all.begin(), all.end(), value);
  if (above == all.end()) return std::to_string(all.back());
  if (above == all.begin()) return std::to_string(*above);
  return either(*(above - 1), *above);
}

std::string ranks(std::int64_t world_size) {
  return format_number_of(world_size, "rank");
}

[[noreturn]] void refuse(std::int64_t effective_batch, const std::string& why, const std::string& instead) {
  throw UsageError("train.effective_batch_size=" + std::to_string(effective_batch) + " " + why + "; nearest that do: " +
                   instead);
}

// `fixed_key` times the ranks must divide the effective batch; returns the factor left over.
std::int64_t other_factor(std::int64_t effective_batch, std::int64_t world_size, const std::string& fixed_key,
                          std::int64_t fixed) {
  const std::int64_t per_rank = effective_batch / world_size;
  if (per_rank % fixed == 0) return per_rank / fixed;
  refuse(effective_batch, "is no multiple of " + fixed_key + "=" + std::to_string(fixed) + " x " + ranks(world_size),
         "train.effective_batch_size=" + nearest_multiples(effective_batch, fixed * world_size) + ", or " + fixed_key +
             "=" + nearest_divisors(fixed, per_rank));
}

}  // namespace

BatchSplit split_batch(std::int64_t effective_batch, std::int64_t world_size, std::optional<std::int64_t> micro_batch,
                       std::optional<std::int64_t> accumulation, std::int64_t micro_batch_limit) {
  static const std::string micro_key = "train.batch_size", accumulation_key = "train.gradient_accumulation_steps";
  check_range("train.effective_batch_size", effective_batch);
  check_range("the number of ranks", world_size);
  if (micro_batch) check_range(micro_key.c_str(), *micro_batch);
  if (accumulation) check_range(accumulation_key.c_str(), *accumulation);

  if (effective_batch % world_size != 0)
    refuse(effective_batch, "cannot be shared equally by " + ranks(world_size),
           "train.effective_batch_size=" + nearest_multiples(effective_batch, world_size));
  const std::int64_t per_rank = effective_batch / world_size;

  if (micro_batch && accumulation) {
    if (per_rank % *micro_batch == 0 && per_rank / *micro_batch == *accumulation)
      return {*micro_batch, *accumulation, world_size};
    std::string instead;
    std::int64_t product = 0;
    if (!__builtin_mul_overflow(*micro_batch * *accumulation, world_size, &product) && product <= largest_batch)
      instead = "train.effective_batch_size=" + std::to_string(product) + ", or ";
    if (per_rank % *micro_batch == 0)
      instead += accumulation_key + "=" + std::to_string(per_rank / *micro_batch);
    else if (per_rank % *accumulation == 0)
      instead += micro_key + "=" + std::to_string(per_rank / *accumulation);
    else
      instead += micro_key + "=" + nearest_divisors(*micro_batch, per_rank) + " with " + accumulation_key + "=auto";
    refuse(effective_batch,
           "is not " + micro_key + "=" + std::to_string(*micro_batch) + " x " + accumulation_key + "=" +
               std::to_string(*accumulation) + " x " + ranks(world_size),
           instead);
  }
  if (micro_batch)
    return {*micro_batch, other_factor(effective_batch, world_size, micro_key, *micro_batch), world_size};
  if (accumulation)
    return {other_factor(effective_batch, world_size, accumulation_key, *accumulation), *accumulation, world_size};

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
