#include "tuning/search/batch_candidates.h"

#include <algorithm>

#include "base/text.h"
#include "base/units.h"

namespace tlaunch {
namespace {

constexpr std::int64_t most_samples = 4096, least_steps_an_epoch = 16;

// The next micro-batch below `micro`: about half of it, a multiple of 4 as far as 4 (44, 20, 8, 4), and plain halves
// below.
std::int64_t next_below(std::int64_t micro) { return micro > 4 ? std::max<std::int64_t>(4, micro / 8 * 4) : micro / 2; }

}  // namespace

std::vector<BatchSplit> batch_candidates(const TrainConfig& train, std::int64_t world_size, bool memory_forces) {
  const std::int64_t effective = train.effective_batch_size.value();
  const auto first = split_batch(effective, world_size, train.batch_size, train.gradient_accumulation_steps, effective);
  if (train.batch_size || train.gradient_accumulation_steps) return {first};
  const std::int64_t share = effective / world_size;
  std::vector<BatchSplit> all;
  for (std::int64_t micro = 1; micro <= share; ++micro)
    if (share % micro == 0) all.push_back({micro, share / micro, world_size});
  const auto no_multiple = [](const BatchSplit& one) { return one.micro_batch % 4 != 0; };
  if (!memory_forces && !std::all_of(all.begin(), all.end(), no_multiple)) std::erase_if(all, no_multiple);
  return all;
}

std::int64_t most_effective_batch(std::int64_t train_samples) {
  if (train_samples <= 0) return most_samples;
  return std::min(train_samples, std::clamp(train_samples / least_steps_an_epoch, least_effective_batch, most_samples));
}

std::vector<BatchSplit> open_batch_candidates(const BatchSplit& prior, std::optional<std::int64_t> accumulation,
                                              std::int64_t train_samples, bool memory_forces) {
  const std::int64_t most = most_effective_batch(train_samples);
  const auto with = [&](std::int64_t micro) {
    const std::int64_t samples = micro * prior.world_size;
    const std::int64_t steps = std::min((least_effective_batch + samples - 1) / samples, most / samples);
    return BatchSplit{micro, accumulation.value_or(std::max<std::int64_t>(1, steps)), prior.world_size};
  };
  std::vector<BatchSplit> all;
  const std::int64_t least = memory_forces ? 1 : std::min<std::int64_t>(4, prior.micro_batch);
  for (std::int64_t micro = prior.micro_batch; micro >= least; micro = next_below(micro)) all.push_back(with(micro));
  std::reverse(all.begin(), all.end());
  for (std::int64_t micro = 2 * prior.micro_batch; with(micro).effective() <= most; micro *= 2)
    all.push_back(with(micro));

  // Large effective batches are at the back. One candidate stays, whatever the limits.
  const auto too_large = [&](const BatchSplit& one) { return one.effective() > most; };
  const auto too_small = [&](const BatchSplit& one) { return one.effective() < least_effective_batch; };
  while (all.size() > 1 && too_large(all.back())) all.pop_back();
  while (!memory_forces && all.size() > 1 && too_small(all.front())) all.erase(all.begin());
  return all;
}

std::string product(const BatchSplit& split) {
  return format_text("{} x {} x {} = {}", split.micro_batch, split.accumulation,
                     format_number_of(split.world_size, "rank"), split.effective());
}

const BatchPace* smallest_within_3_percent(const std::vector<BatchPace>& paces) {
  double best = 0;
  for (const auto& pace : paces) best = std::max(best, pace.samples_per_s);
  const BatchPace* chosen = nullptr;
  for (const auto& pace : paces) {
    if (pace.samples_per_s <= 0 || pace.samples_per_s < 0.97 * best) continue;
    if (!chosen || pace.split.micro_batch < chosen->split.micro_batch) chosen = &pace;
  }
  return chosen;
}

}  // namespace tlaunch
