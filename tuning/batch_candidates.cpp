#include "tuning/batch_candidates.h"

#include <algorithm>

namespace tlaunch {

std::vector<BatchSplit> batch_candidates(const TrainConfig& train, std::int64_t world_size, bool memory_forces) {
  const auto first = split_batch(train.effective_batch_size, world_size, train.batch_size,
                                 train.gradient_accumulation_steps, train.effective_batch_size);
  if (train.batch_size || train.gradient_accumulation_steps) return {first};
  const std::int64_t share = train.effective_batch_size / world_size;
  std::vector<BatchSplit> all;
  for (std::int64_t micro = 1; micro <= share; ++micro)
    if (share % micro == 0) all.push_back({micro, share / micro, world_size});
  const auto no_multiple = [](const BatchSplit& one) { return one.micro_batch % 4 != 0; };
  if (!memory_forces && !std::all_of(all.begin(), all.end(), no_multiple)) std::erase_if(all, no_multiple);
  return all;
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
