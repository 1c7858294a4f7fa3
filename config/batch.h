// Splits the effective batch: micro-batch x accumulation x world size equals it exactly. Pure functions.
#pragma once

#include <cstdint>
#include <optional>

namespace tlaunch {

// In samples. Far above any batch that trains, and small enough that products fit 64 bits.
inline constexpr std::int64_t largest_batch = std::int64_t{1} << 30;

struct BatchSplit {
  std::int64_t micro_batch = 0, accumulation = 0, world_size = 0;
  std::int64_t effective() const { return micro_batch * accumulation * world_size; }
};

// Splits `effective_batch` over `world_size` ranks and keeps what the user fixed. If both are free, it takes the
// largest micro-batch <= `micro_batch_limit`, a multiple of 4 if one divides (tensor cores). Throws UsageError that
// names the nearest effective batches or micro-batches that divide.
BatchSplit split_batch(std::int64_t effective_batch, std::int64_t world_size, std::optional<std::int64_t> micro_batch,
                       std::optional<std::int64_t> accumulation, std::int64_t micro_batch_limit);

}  // namespace tlaunch
