#include "trainer/train_step.h"


#include "trainer/loss.h"

namespace tlaunch {
namespace {

// torch.nn.utils.clip_grad_norm_ with its epsilon, without waiting for the norm.
void clip_gradients(const std::vector<torch::Tensor>& gradients, double max_norm) {
  const auto norms = at::_foreach_norm(gradients, 2);
  const auto total = at::linalg_vector_norm(at::stack(norms), 2);
  at::_foreach_mul_(gradients, at::clamp_max(max_norm / (total + 1e-6), 1.0));
}

}  // namespace

TrainStep::TrainStep(const RunConfig& config, const Group& group, Job& job, const BucketAssignment& buckets)
    : job_(job),
      accumulation_(config.train.gradient_accumulation_steps.value()),
      clip_grad_norm_(config.train.clip_grad_norm),
      parameters_(named_parameters(*job.model)),
      data_parallel_(group, parameters_, buckets),
      optimizer_(make_optimizer(config.train, parameters_)),
      scaler_(job.device, job.precision == Precision::fp16 && job.device.is_cuda()) {}

torch::Tensor TrainStep::run(const std::function<Batch()>& next_batch, double learning_rate) {
  for (auto& [name, tensor] : parameters_) tensor.mutable_grad().reset();
  torch::Tensor total;
  for (std::int64_t m = 0; m < accumulation_; ++m) {
    const auto loss = micro_step(next_batch(), /*sync=*/m + 1 == accumulation_);
    total = total.defined() ? total + loss : loss;
  }
  update(learning_rate);
  return total;
}

torch::Tensor TrainStep::micro_step(const Batch& batch, bool sync) {
  const auto input = model_input(job_, batch);
  const auto target = model_target(job_, batch);
  data_parallel_.before_forward(sync);
  torch::Tensor logits;
  {
    const AutocastScope autocast(job_.device, job_.precision);
    logits = job_.model->forward(input);
  }
  auto loss = cross_entropy(logits, target);
  if (accumulation_ > 1) loss = loss / accumulation_;
  const auto scaled = scaler_.scale(loss);
  data_parallel_.before_backward(sync, scaled);
  scaled.backward();
  return loss.detach();
}

void TrainStep::update(double learning_rate) {
  std::vector<torch::Tensor> gradients;
  if (scaler_.enabled() || clip_grad_norm_)
    for (const auto& [name, tensor] : parameters_) gradients.push_back(tensor.grad());
  scaler_.unscale(gradients);
  if (clip_grad_norm_) clip_gradients(gradients, *clip_grad_norm_);
  optimizer_->step(learning_rate, /*grad_scale=*/{}, scaler_.found_inf());
  scaler_.update();
}

}  // namespace tlaunch
