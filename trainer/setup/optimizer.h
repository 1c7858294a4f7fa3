// SGD, Adam and AdamW through LibTorch's fused kernels, with PyTorch's formulas and defaults (betas 0.9, 0.999, eps
// 1e-8). State is plain tensors under stable names, so that it is saved and restored exactly.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/run_config.h"

namespace tlaunch {

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // One step with the gradients that the parameters hold. `grad_scale` and `found_inf` (float32 scalars on the device,
  // or undefined) are a GradScaler's: gradients are divided by `grad_scale`, and nothing is done if `found_inf` is not
  // 0. Throws std::logic_error if a parameter has no gradient.
  virtual void step(double learning_rate, const torch::Tensor& grad_scale, const torch::Tensor& found_inf) = 0;
  // Live tensors by name: "exp_avg.<parameter>", "exp_avg_sq.<parameter>", "step.<parameter>" (Adam, AdamW) or
  // "momentum_buffer.<parameter>" (SGD with momentum). Writing into them restores a state.
  virtual std::vector<std::pair<std::string, torch::Tensor>> state() = 0;
};

struct NamedParameter {
  std::string name;
  torch::Tensor tensor;
};

// The parameters must be on their device, in their dtype and memory format, because the state takes on all three.
std::unique_ptr<Optimizer> make_optimizer(const TrainConfig& train, std::vector<NamedParameter> parameters);

}  // namespace tlaunch
