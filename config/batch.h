// The product rule: micro-batch x accumulation x world size equals the effective batch exactly. Pure functions.
#pragma once

#include <cstdint>
#include <optional>

namespace tlaunch {

// Far above any batch that trains; keeps products within 64 bits.
inline constexpr std::int64_t largest_batch = std::int64_t{1} << 30;

struct BatchSplit {
  std::int64_t micro_batch = 0, accumulation = 0, world_size = 0;
  std::int64_t effective() const { return micro_batch * accumulation * world_size; }
};

// The split of `effective_batch` over `world_size` ranks that keeps what the user fixed and, where both are free, takes
// the largest micro-batch <= `micro_batch_limit`, a multiple of 4 where one divides (tensor cores). Throws UsageError that
// names the nearest effective batches (or micro-batches) that do divide.
BatchSplit split_batch(std::int64_t effective_batch, std::int64_t world_size, std::optional<std::int64_t> micro_batch,
                       std::optional<std::int64_t> accumulation, std::int64_t micro_batch_limit);

}  // namespace tlaunch
