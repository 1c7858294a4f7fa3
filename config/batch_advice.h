// Suggests settings in place of a refused batch: only those that would be accepted. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/batch.h"

namespace tlaunch {

// Limits on what the message of a refusal may suggest.
struct BatchAdvice {
  std::int64_t train_samples = 0;  // the upper bound of an effective batch; 0: unknown
  bool other_effective = true;     // false on resume, which keeps the effective batch
};

// split_batch() of batch.h, for callers that know more.
BatchSplit split_batch(std::int64_t effective_batch, std::int64_t world_size, std::optional<std::int64_t> micro_batch,
                       std::optional<std::int64_t> accumulation, std::int64_t micro_batch_limit,
                       const BatchAdvice& advice);

// The effective batches next to `value`, up to `most`, that `world_size` ranks can share with the fixed settings:
// "train.effective_batch_size=192 or 384". If there is none, fixed settings are dropped: "... with
// train.gradient_accumulation_steps=auto"; "" if the ranks alone are more than `most`.
std::string nearest_effective_batches(std::int64_t value, std::int64_t world_size,
                                      std::optional<std::int64_t> micro_batch, std::optional<std::int64_t> accumulation,
                                      std::int64_t most = largest_batch);

// The message for an effective batch larger than the training data.
std::string larger_than_data(std::int64_t effective_batch, std::int64_t train_samples, std::int64_t world_size,
                             std::optional<std::int64_t> micro_batch, std::optional<std::int64_t> accumulation);

}  // namespace tlaunch
