// The loss of every model: cross-entropy on logits, never below float32 (half-precision logits of autocast are
// widened).
#pragma once

#include <torch/nn/functional/loss.h>

namespace tlaunch {

// Mean over the batch, or the sum.
inline torch::Tensor cross_entropy(const torch::Tensor& logits, const torch::Tensor& target,
                                   at::Reduction::Reduction reduction = at::Reduction::Mean) {
  const bool wide = logits.scalar_type() == torch::kFloat64 || logits.scalar_type() == torch::kFloat32;
  return at::cross_entropy_loss(wide ? logits : logits.to(torch::kFloat32), target, /*weight=*/{}, reduction);
}

}  // namespace tlaunch
