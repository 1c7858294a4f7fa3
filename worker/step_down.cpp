#include "worker/step_down.h"

namespace tlaunch {

std::optional<BatchSplit> stepped_down(const BatchSplit& split) {
  if (split.micro_batch <= 1) return std::nullopt;
  const auto share = split.micro_batch * split.accumulation;
  auto micro_batch = split.micro_batch / 2;
  while (share % micro_batch != 0) --micro_batch;
  return BatchSplit{micro_batch, share / micro_batch, split.world_size};
}

}  // namespace tlaunch
