#include "trainer/step/train_step.h"

#include <cmath>

#include "trainer/step/loss.h"

namespace tlaunch {
namespace {

// torch.nn.utils.clip_grad_norm_ with its epsilon, without waiting for the norm.
void clip_to_norm(const std::vector<torch::Tensor>& gradients, double max_norm) {
  const auto norms = at::_foreach_norm(gradients, 2);
  const auto total = at::linalg_vector_norm(at::stack(norms), 2);
  at::_foreach_mul_(gradients, at::clamp_max(max_norm / (total + 1e-6), 1.0));
}

// Reads in place: item() takes 100 ns, which for some hundred tensors would show in the step's time.
bool begins_with_nan(const torch::Tensor& tensor) {
  return tensor.scalar_type() == torch::kFloat64 ? std::isnan(*tensor.const_data_ptr<double>())
                                                 : std::isnan(*tensor.const_data_ptr<float>());
}

}  // namespace

TrainStep::TrainStep(const RunConfig& config, const Ranks& ranks, TrainingSetup& setup, const BucketAssignment& buckets)
    : setup_(setup),
      accumulation_(config.train.gradient_accumulation_steps.value()),
      clip_grad_norm_(config.train.clip_grad_norm),
      parameters_(named_parameters(*setup.model)),
      data_parallel_(ranks, parameters_, buckets),
      optimizer_(make_optimizer(config.train, parameters_)),
      scaler_(setup.device, needs_loss_scaler(setup.device, setup.precision, *setup.model)),
      nan_guard_(setup.device, config.train.on_nan != OnNan::stop) {}

torch::Tensor TrainStep::run(const std::function<Batch()>& next_batch, double learning_rate) {
  const auto loss = gradients(next_batch);
  unscale_gradients();
  check_gradients();
  clip_gradients();
  apply(learning_rate);
  return loss;
}

void TrainStep::drop_gradients() {
  for (auto& [name, tensor] : parameters_) tensor.mutable_grad().reset();
  data_parallel_.begin_step();
}

torch::Tensor TrainStep::gradients(const std::function<Batch()>& next_batch) {
  drop_gradients();
  torch::Tensor total;
  for (std::int64_t m = 0; m < accumulation_; ++m) {
    const auto loss = micro_step(next_batch, /*sync=*/m + 1 == accumulation_);
    total = total.defined() ? total + loss : loss;
  }
  return total;
}

torch::Tensor TrainStep::micro_step(const std::function<Batch()>& next_batch, bool sync) {
  phase_ = RunPhase::forward;
  note_phase(RunPhase::loading);
  const auto batch = next_batch();
  note_phase(RunPhase::copy);
  const auto input = model_input(setup_, batch);
  const auto target = model_target(setup_, batch);
  note_phase(phase_);
  data_parallel_.before_forward(sync);
  torch::Tensor logits;
  {
    const AutocastScope autocast(setup_.device, setup_.precision);
    logits = setup_.model->forward(input);
  }
  if (fault_) fault_(RunPhase::forward);
  auto loss = cross_entropy(logits, target);
  if (accumulation_ > 1) loss = loss / accumulation_;
  const auto scaled = scaler_.scale(loss);
  phase_ = RunPhase::backward;
  note_phase(phase_);
  data_parallel_.before_backward(sync, scaled);
  scaled.backward();
  note_progress();
  return loss.detach();
}

std::vector<torch::Tensor> TrainStep::gradient_list() const {
  std::vector<torch::Tensor> gradients;
  for (const auto& [name, tensor] : parameters_) gradients.push_back(tensor.grad());
  return gradients;
}

void TrainStep::unscale_gradients() {
  note_phase(RunPhase::optimizer);
  if (scaler_.enabled()) scaler_.unscale(gradient_list());
}

void TrainStep::check_gradients() {
  if (nan_guard_.enabled()) nan_guard_.check(gradient_list(), scaler_);
}

void TrainStep::clip_gradients() {
  if (clip_grad_norm_) clip_to_norm(gradient_list(), *clip_grad_norm_);
}

void TrainStep::apply(double learning_rate) {
  optimizer_->step(learning_rate, /*grad_scale=*/{}, scaler_.enabled() ? scaler_.found_inf() : nan_guard_.found());
  scaler_.update();
}

bool TrainStep::some_gradient_begins_with_nan() const {
  for (const auto& [name, tensor] : parameters_)
    if (begins_with_nan(tensor.grad())) return true;
  return false;
}

void TrainStep::inject(std::function<void(RunPhase)> fault) {
  fault_ = std::move(fault);
  // When the gradient of this parameter is ready, those of the later layers have been reduced.
  parameters_[parameters_.size() / 4].tensor.register_hook([this](torch::Tensor) { fault_(RunPhase::backward); });
}

}  // namespace tlaunch
