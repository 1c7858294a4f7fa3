#include "trainer/device/precision.h"

#include <ATen/autocast_mode.h>
#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/_amp_update_scale.h>
#include <torch/nn/modules/rnn.h>

#include <algorithm>

namespace tlaunch {
namespace {

constexpr double growth_factor = 2.0, backoff_factor = 0.5, initial_scale = 65536.0;
constexpr std::int64_t growth_interval = 2000;

}  // namespace

AutocastScope::AutocastScope(const torch::Device& device, Precision precision)
    : type_(device.type()), active_(precision != Precision::fp32) {
  if (!active_) return;
  was_enabled_ = at::autocast::is_autocast_enabled(type_);
  at::autocast::set_autocast_enabled(type_, true);
  at::autocast::set_autocast_dtype(type_, precision == Precision::bf16 ? at::kBFloat16 : at::kHalf);
  at::autocast::increment_nesting();
}

AutocastScope::~AutocastScope() {
  if (!active_) return;
  if (at::autocast::decrement_nesting() == 0)
    at::autocast::clear_cache();  // weights cast for this step are stale after it
  at::autocast::set_autocast_enabled(type_, was_enabled_);
}

bool needs_loss_scaler(const torch::Device& device, Precision precision, const torch::nn::Module& model) {
  if (!device.is_cuda() || precision == Precision::fp32) return false;
  const auto modules = model.modules();
  return precision == Precision::fp16 || std::any_of(modules.begin(), modules.end(), [](const auto& module) {
           return module->template as<torch::nn::LSTM>() || module->template as<torch::nn::GRU>() ||
                  module->template as<torch::nn::RNN>();
         });
}

GradScaler::GradScaler(const torch::Device& device, bool enabled) : enabled_(enabled) {
  if (!enabled) return;
  const auto options = torch::TensorOptions().device(device);
  scale_ = torch::full({1}, initial_scale, options.dtype(torch::kFloat));
  growth_tracker_ = torch::zeros({1}, options.dtype(torch::kInt));
  found_inf_ = torch::zeros({1}, options.dtype(torch::kFloat));
  inverse_ = torch::ones({1}, options.dtype(torch::kFloat));
  inverse_double_ = torch::ones({1}, options.dtype(torch::kDouble));
}

torch::Tensor GradScaler::scale(const torch::Tensor& loss) const { return enabled_ ? loss * scale_ : loss; }

void GradScaler::unscale(const std::vector<torch::Tensor>& gradients) {
  if (!enabled_) return;
  found_inf_.zero_();
  inverse_.copy_(inverse_double_.copy_(scale_).reciprocal_());  // in double, as torch.amp.GradScaler does
  at::_amp_foreach_non_finite_check_and_unscale_(gradients, found_inf_, inverse_);
}

void GradScaler::update() {
  if (enabled_)
    at::_amp_update_scale_(scale_, growth_tracker_, found_inf_, growth_factor, backoff_factor, growth_interval);
}

void GradScaler::overflow_below_one(torch::Tensor& found) const { found.copy_(scale_).lt_(1).mul_(found_inf_); }

void GradScaler::reset() { load_state({{"scale", initial_scale}, {"growth_tracker", 0}}); }

Json GradScaler::state() const {
  if (!enabled_) return nullptr;
  return {{"scale", scale_.item<double>()}, {"growth_tracker", growth_tracker_.item<int>()}};
}

void GradScaler::load_state(const Json& state) {
  if (!enabled_ || state.is_null()) return;
  scale_.fill_(state.at("scale").get<double>());
  growth_tracker_.fill_(state.at("growth_tracker").get<int>());
}

}  // namespace tlaunch
