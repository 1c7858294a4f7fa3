// Looks at the reduced gradients of each step before the update, so that one that is not finite is left out on every
// rank alike (train.on_nan: skip and rollback). All on the device; only counts() waits for it. Its figures stay where
// they are in memory, and check() makes no tensor of its own: it can be done again, and recorded and replayed.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "trainer/device/precision.h"

namespace tlaunch {

class NanGuard {
 public:
  NanGuard(const torch::Device& device, bool enabled);
  bool enabled() const { return enabled_; }
  // Notes whether any gradient is not finite. A GradScaler that is on has found that out already, and its overflows are
  // its own business: only what it finds at a scale below 1 counts.
  void check(const std::vector<torch::Tensor>& gradients, const GradScaler& scaler);
  // 1 where the last check found something, as the optimizer takes it; undefined where not enabled.
  const torch::Tensor& found() const { return found_; }

  struct Counts {
    std::int64_t found = 0;     // since the last call
    std::int64_t in_a_row = 0;  // the longest row that reached into that time
  };
  Counts counts();
  void forget_row();  // after a rollback

 private:
  bool enabled_;
  torch::Tensor figures_, found_, sum_, row_, longest_row_;  // the others are views of the first
  torch::Tensor one_;
};

}  // namespace tlaunch
