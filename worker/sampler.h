// The order of samples: a pure function of (seed, epoch), the same for any number of ranks and any split into
// micro-batches. Step s of an epoch trains the samples at positions [s*E, (s+1)*E) of the epoch's permutation, with E
// the effective batch; rank r's micro-batch m of that step takes b of them at offset (m * world + r) * b. Each sample
// is used at most once per epoch; the remainder N mod E is left out (a different one in each epoch, as the permutation
// changes). A resume needs only the position: (epoch, step in epoch). Pure, thread-safe after construction.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "config/batch.h"

namespace tlaunch {

class Sampler {
 public:
  // Throws UsageError if samples < split.effective().
  Sampler(std::int64_t samples, std::int64_t seed, BatchSplit split);
  std::int64_t steps_per_epoch() const;
  // The permutation of an epoch (Fisher-Yates over a counter-based generator keyed by seed and epoch).
  std::vector<std::int64_t> permutation(std::int64_t epoch) const;
  // Indices of one micro-batch within `order`, a permutation of this sampler's.
  std::span<const std::int64_t> micro_batch(std::span<const std::int64_t> order, std::int64_t step_in_epoch,
                                            std::int64_t micro_step, std::int64_t rank) const;

 private:
  std::int64_t samples_, seed_;
  BatchSplit split_;
};

}  // namespace tlaunch
