// Mixed precision: autocast for the forward pass, and a GradScaler for fp16 (LibTorch has none in C++).
#pragma once

#include <torch/types.h>

#include "core/json.h"
#include "core/run_config.h"

namespace tlaunch {

// Autocast on `device` for the life of this object; nothing for Precision::fp32. One thread.
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

// torch.amp.GradScaler's algorithm and defaults: initial scale 65536, x2 after 2000 steps without overflow, x0.5 at
// one. All on the device, no synchronisation.
class GradScaler {
 public:
  GradScaler(const torch::Device& device, bool enabled);
  bool enabled() const { return enabled_; }
  torch::Tensor scale(const torch::Tensor& loss) const;   // loss itself where not enabled
  // Divides the gradients by the scale and notes whether any is not finite.
  void unscale(const std::vector<torch::Tensor>& gradients);
  const torch::Tensor& found_inf() const { return found_inf_; }  // undefined where not enabled
  void update();                                          // after the optimizer's step
  torch::Tensor scale_below_one() const;                  // 1 or 0, on the device
  void reset();                                           // as a new one

  Json state() const;                                     // synchronises
  void load_state(const Json&);

 private:
  bool enabled_;
  torch::Tensor scale_, growth_tracker_, found_inf_, inverse_;
};

}  // namespace tlaunch
