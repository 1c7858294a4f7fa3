#include "trainer/nan_guard.h"

#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/maximum.h>

namespace tlaunch {

NanGuard::NanGuard(const torch::Device& device, bool enabled) : enabled_(enabled) {
  if (!enabled) return;
  const auto options = torch::TensorOptions().device(device).dtype(torch::kFloat);
  for (auto* tensor : {&found_, &sum_, &row_, &longest_row_}) *tensor = torch::zeros({1}, options);
  one_ = torch::ones({1}, options);
}

void NanGuard::check(const std::vector<torch::Tensor>& gradients, const GradScaler& scaler) {
  if (!enabled_) return;
  if (scaler.enabled()) {
    found_ = scaler.found_inf() * scaler.scale_below_one();
  } else {
    found_.zero_();
    at::_amp_foreach_non_finite_check_and_unscale_(gradients, found_, one_);
  }
  row_ = (row_ + found_) * found_;
  sum_ += found_;
  longest_row_ = at::maximum(longest_row_, row_);
}

NanGuard::Counts NanGuard::counts() {
  const auto figures = torch::cat({sum_, longest_row_}).cpu();
  sum_.zero_();
  longest_row_.zero_();
  return {static_cast<std::int64_t>(figures[0].item<float>()), static_cast<std::int64_t>(figures[1].item<float>())};
}

void NanGuard::forget_row() { row_.zero_(); }

}  // namespace tlaunch
