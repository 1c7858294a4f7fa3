// What a refusal of a batch suggests: only settings that would be accepted. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/batch.h"

namespace tlaunch {

// What a refusal may suggest.
struct BatchAdvice {
  std::int64_t train_samples = 0;  // no larger effective batch; 0: not known
  bool other_effective = true;     // false in a resume, which keeps the effective batch
};

// split_batch() of batch.h for who knows more.
BatchSplit split_batch(std::int64_t effective_batch, std::int64_t world_size, std::optional<std::int64_t> micro_batch,
                       std::optional<std::int64_t> accumulation, std::int64_t micro_batch_limit,
                       const BatchAdvice& advice);

// The effective batches next to `value` that `world_size` ranks can share with what is fixed, none above `most`:
// "train.effective_batch_size=192 or 384". Where there is none, what is fixed gives way: "... with
// train.gradient_accumulation_steps=auto"; "" where the ranks alone are more than `most`.
std::string nearest_effective_batches(std::int64_t value, std::int64_t world_size,
                                      std::optional<std::int64_t> micro_batch, std::optional<std::int64_t> accumulation,
                                      std::int64_t most = largest_batch);

// For an effective batch larger than the training data.
std::string larger_than_data(std::int64_t effective_batch, std::int64_t train_samples, std::int64_t world_size,
                             std::optional<std::int64_t> micro_batch, std::optional<std::int64_t> accumulation);

}  // namespace tlaunch
