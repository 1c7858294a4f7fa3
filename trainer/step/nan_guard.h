// Checks the reduced gradients of each step before the update, so that all ranks skip a step whose gradients are not
// finite (train.on_nan: skip and rollback). All on the device; only counts() waits for it. Its figures keep their place
// in memory, and check() makes no tensor, so it can be repeated, and recorded and replayed.
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
  // Notes whether any gradient is not finite. An enabled GradScaler has found that out already and handles its
  // overflows itself, so only an overflow at a scale below 1 counts.
  void check(const std::vector<torch::Tensor>& gradients, const GradScaler& scaler);
  // 1 if the last check found something, in the form that the optimizer takes; undefined if not enabled.
  const torch::Tensor& found() const { return found_; }

  struct Counts {
    std::int64_t found = 0;     // since the last call
    std::int64_t in_a_row = 0;  // the longest row of such steps since then; it may have begun earlier
  };
  Counts counts();
  void forget_row();  // after a rollback

 private:
  bool enabled_;
  torch::Tensor figures_, found_, sum_, row_, longest_row_;  // the others are views of the first
  torch::Tensor one_;
};

}  // namespace tlaunch
