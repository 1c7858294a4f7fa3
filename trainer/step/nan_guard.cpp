#include "trainer/step/nan_guard.h"

#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/maximum.h>

namespace tlaunch {

NanGuard::NanGuard(const torch::Device& device, bool enabled) : enabled_(enabled) {
  if (!enabled) return;
  const auto options = torch::TensorOptions().device(device).dtype(torch::kFloat);
  figures_ = torch::zeros({4}, options);
  std::int64_t place = 0;
  for (auto* view : {&found_, &sum_, &row_, &longest_row_}) *view = figures_.narrow(0, place++, 1);
  one_ = torch::ones({1}, options);
}

void NanGuard::check(const std::vector<torch::Tensor>& gradients, const GradScaler& scaler) {
  if (!enabled_) return;
  if (scaler.enabled()) {
    scaler.overflow_below_one(found_);
  } else {
    found_.zero_();
    at::_amp_foreach_non_finite_check_and_unscale_(gradients, found_, one_);
  }
  row_.add_(found_).mul_(found_);
  sum_.add_(found_);
  at::maximum_out(longest_row_, longest_row_, row_);
}

NanGuard::Counts NanGuard::counts() {
  const auto figures = figures_.cpu();  // on the CPU this is the same memory, so it is read before it is cleared
  const Counts counts{static_cast<std::int64_t>(figures[1].item<float>()),
                      static_cast<std::int64_t>(figures[3].item<float>())};
  sum_.zero_();
  longest_row_.zero_();
  return counts;
}

void NanGuard::forget_row() { row_.zero_(); }

}  // namespace tlaunch
