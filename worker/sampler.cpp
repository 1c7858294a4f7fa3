#include "worker/sampler.h"

#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/error.h"
#include "config/batch_advice.h"
#include "worker/counter_rng.h"

namespace tlaunch {

Sampler::Sampler(std::int64_t samples, std::int64_t seed, BatchSplit split)
    : samples_(samples), seed_(seed), split_(split) {
  if (split_.effective() < 1) throw std::logic_error("Sampler: the effective batch must be positive");
  if (samples_ < split_.effective())
    throw UsageError(
        larger_than_data(split_.effective(), samples_, split_.world_size, split_.micro_batch, split_.accumulation));
}

std::int64_t Sampler::steps_per_epoch() const { return samples_ / split_.effective(); }

std::vector<std::int64_t> Sampler::permutation(std::int64_t epoch) const {
  const std::uint64_t key = epoch_key(seed_, epoch);
  std::vector<std::int64_t> order(static_cast<std::size_t>(samples_));
  std::iota(order.begin(), order.end(), 0);
  for (std::uint64_t i = order.size(); i-- > 1;) {
    std::swap(order[i], order[scale_to(splitmix64(key + i), i + 1)]);
  }
  return order;
}

std::span<const std::int64_t> Sampler::micro_batch(std::span<const std::int64_t> order, std::int64_t step_in_epoch,
                                                   std::int64_t micro_step, std::int64_t rank) const {
  const bool inside = static_cast<std::int64_t>(order.size()) == samples_ && step_in_epoch >= 0 &&
                      step_in_epoch < steps_per_epoch() && micro_step >= 0 && micro_step < split_.accumulation &&
                      rank >= 0 && rank < split_.world_size;
  if (!inside) throw std::logic_error("Sampler: step, micro step or rank out of range");
  const std::int64_t offset =
      step_in_epoch * split_.effective() + (micro_step * split_.world_size + rank) * split_.micro_batch;
  return order.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(split_.micro_batch));
}

}  // namespace tlaunch
