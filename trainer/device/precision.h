// Mixed precision: autocast for the forward pass, and a GradScaler for fp16 (LibTorch has none in C++).
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include "base/json.h"
#include "config/run_config.h"

namespace tlaunch {

// Turns autocast on for `device` during the life of this object; does nothing for Precision::fp32. One thread.
class AutocastScope {
 public:
  AutocastScope(const torch::Device& device, Precision precision);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

 private:
  torch::DeviceType type_;
  bool active_;
  bool was_enabled_ = false;
};

// Whether some gradients are computed in fp16, in which small ones become 0 unless the loss is scaled. That is so on
// CUDA with Precision::fp16, and with bf16 if the model has an RNN, because autocast runs cuDNN's RNNs in fp16 whatever
// precision was requested (_cudnn_rnn_cast_reflatten). The CPU computes RNNs in the requested precision. Pure.
bool needs_loss_scaler(const torch::Device& device, Precision precision, const torch::nn::Module& model);

// torch.amp.GradScaler's algorithm and defaults: initial scale 65536, x2 after 2000 steps without overflow, x0.5 after
// an overflow. All on the device, no synchronisation. Its tensors keep their place in memory.
class GradScaler {
 public:
  GradScaler(const torch::Device& device, bool enabled);
  bool enabled() const { return enabled_; }
  torch::Tensor scale(const torch::Tensor& loss) const;  // loss itself if not enabled
  // Divides the gradients by the scale and notes whether any is not finite.
  void unscale(const std::vector<torch::Tensor>& gradients);
  const torch::Tensor& found_inf() const { return found_inf_; }  // undefined if not enabled
  void update();                                                 // after the optimizer's step
  // Sets `found` to 1 if the last gradients overflowed at a scale below 1, else to 0.
  void overflow_below_one(torch::Tensor& found) const;
  void reset();  // to the initial state

  Json state() const;  // synchronises
  void load_state(const Json&);

 private:
  bool enabled_;
  torch::Tensor scale_, growth_tracker_, found_inf_, inverse_, inverse_double_;
};

}  // namespace tlaunch
