#include "trainer/setup/optimizer.h"

#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>

#include "base/text.h"

namespace tlaunch {
namespace {

constexpr double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;

// The fused kernels walk parameter, gradient and state as flat memory: all must lie in the same order. Strides of
// dimensions of size 1 (the 1x1 convolutions of a channels_last model) do not move an element.
bool same_memory_order(const torch::Tensor& a, const torch::Tensor& b) {
  for (std::int64_t dim = 0; dim < a.dim(); ++dim) {
    if (a.size(dim) > 1 && a.stride(dim) != b.stride(dim)) return false;
  }
  return true;
}

// Parameters that one kernel call takes: one device, one dtype. The lists have the same order.
struct Group {
  std::vector<std::string> names;
  std::vector<torch::Tensor> parameters;
  std::vector<torch::Tensor> steps, exp_avgs, exp_avg_sqs;  // Adam, AdamW
  torch::Tensor all_steps, counted;             // `steps` are views of the first; each step adds the second: 1 or 0
  std::vector<torch::Tensor> momentum_buffers;  // SGD with momentum

  std::vector<torch::Tensor> gradients() const {
    std::vector<torch::Tensor> list;
    list.reserve(parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const torch::Tensor& gradient = parameters[i].grad();
      if (!gradient.defined()) throw std::logic_error(format_text("parameter {} has no gradient", names[i]));
      list.push_back(same_memory_order(parameters[i], gradient) ? gradient
                                                                : at::empty_like(parameters[i]).copy_(gradient));
    }
    return list;
  }
};

// Called before anything changes: this may allocate memory, and a step that runs out of it here can be repeated.
std::vector<std::vector<torch::Tensor>> gradients_of(const std::vector<Group>& groups) {
  std::vector<std::vector<torch::Tensor>> all;
  for (const Group& group : groups) all.push_back(group.gradients());
  return all;
}

std::vector<Group> group_by_device_and_dtype(std::vector<NamedParameter> parameters) {
  std::vector<Group> groups;
  for (NamedParameter& parameter : parameters) {
    auto group = std::ranges::find_if(groups, [&](const Group& candidate) {
      return candidate.parameters[0].device() == parameter.tensor.device() &&
             candidate.parameters[0].scalar_type() == parameter.tensor.scalar_type();
    });
    if (group == groups.end()) group = groups.insert(groups.end(), Group{});
    group->names.push_back(std::move(parameter.name));
    group->parameters.push_back(std::move(parameter.tensor));
  }
  return groups;
}

// A GradScaler's scalar on the group's device; nothing if it is undefined.
std::optional<torch::Tensor> on_device(const torch::Tensor& scalar, const Group& group) {
  if (!scalar.defined()) return std::nullopt;
  return scalar.to(group.parameters[0].device(), /*non_blocking=*/true);
}

class Sgd : public Optimizer {
 public:
  Sgd(const TrainConfig& train, std::vector<NamedParameter> parameters)
      : momentum_(train.momentum),
        weight_decay_(train.weight_decay),
        groups_(group_by_device_and_dtype(std::move(parameters))) {
    if (momentum_ == 0) return;
    for (Group& group : groups_) {
      // From zero, the first step leaves the plain gradient in the buffer, which is PyTorch's rule for it. So the first
      // step needs no special case, even if a GradScaler skips it.
      for (const auto& parameter : group.parameters) group.momentum_buffers.push_back(at::zeros_like(parameter));
    }
  }

  void step(double learning_rate, const torch::Tensor& grad_scale, const torch::Tensor& found_inf) override {
    c10::NoGradGuard no_grad;
    const auto gradients = gradients_of(groups_);
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      Group& group = groups_[i];
      at::_fused_sgd_(group.parameters, gradients[i], group.momentum_buffers, weight_decay_, momentum_, learning_rate,
                      /*dampening=*/0, /*nesterov=*/false, /*maximize=*/false, /*is_first_step=*/false,
                      on_device(grad_scale, group), on_device(found_inf, group));
    }
  }

  std::vector<std::pair<std::string, torch::Tensor>> state() override {
    std::vector<std::pair<std::string, torch::Tensor>> named;
    for (const Group& group : groups_) {
      for (std::size_t i = 0; i < group.momentum_buffers.size(); ++i) {
        named.emplace_back("momentum_buffer." + group.names[i], group.momentum_buffers[i]);
      }
    }
    return named;
  }

 private:
  double momentum_, weight_decay_;
  std::vector<Group> groups_;
};

class Adam : public Optimizer {
 public:
  Adam(const TrainConfig& train, std::vector<NamedParameter> parameters)
      : decoupled_(train.optimizer == OptimizerKind::adamw),
        weight_decay_(train.weight_decay),
        groups_(group_by_device_and_dtype(std::move(parameters))) {
    for (Group& group : groups_) {
      for (const auto& parameter : group.parameters) {
        group.exp_avgs.push_back(at::zeros_like(parameter));
        group.exp_avg_sqs.push_back(at::zeros_like(parameter));
      }
      const auto options = group.parameters[0].options().dtype(torch::kFloat32).requires_grad(false);
      group.all_steps = at::zeros({static_cast<std::int64_t>(group.parameters.size())}, options);
      group.steps = group.all_steps.unbind();
      group.counted = at::zeros({1}, options);
    }
  }

  void step(double learning_rate, const torch::Tensor& grad_scale, const torch::Tensor& found_inf) override {
    c10::NoGradGuard no_grad;
    const auto gradients = gradients_of(groups_);
    for (Group& group : groups_) {
      group.counted.fill_(1);
      // found_inf is 1 if the kernel will do nothing. The step is then not counted, without the host waiting to know.
      if (const auto skipped = on_device(found_inf, group)) group.counted.sub_(*skipped);
    }
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      Group& group = groups_[i];
      group.all_steps.add_(group.counted);
      const auto kernel = decoupled_ ? &at::_ops::_fused_adamw_::call : &at::_ops::_fused_adam_::call;
      kernel(group.parameters, gradients[i], group.exp_avgs, group.exp_avg_sqs, /*max_exp_avg_sqs=*/{}, group.steps,
             learning_rate, beta1, beta2, weight_decay_, eps, /*amsgrad=*/false, /*maximize=*/false,
             on_device(grad_scale, group), on_device(found_inf, group));
    }
  }

  std::vector<std::pair<std::string, torch::Tensor>> state() override {
    std::vector<std::pair<std::string, torch::Tensor>> named;
    for (const Group& group : groups_) {
      for (std::size_t i = 0; i < group.names.size(); ++i) {
        named.emplace_back("exp_avg." + group.names[i], group.exp_avgs[i]);
        named.emplace_back("exp_avg_sq." + group.names[i], group.exp_avg_sqs[i]);
        named.emplace_back("step." + group.names[i], group.steps[i]);
      }
    }
    return named;
  }

 private:
  bool decoupled_;
  double weight_decay_;
  std::vector<Group> groups_;
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const TrainConfig& train, std::vector<NamedParameter> parameters) {
  c10::NoGradGuard no_grad;
  if (train.optimizer == OptimizerKind::sgd) return std::make_unique<Sgd>(train, std::move(parameters));
  return std::make_unique<Adam>(train, std::move(parameters));
}

}  // namespace tlaunch
