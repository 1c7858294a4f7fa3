#include "trainer/setup/training_setup.h"

#include <torch/utils.h>

namespace tlaunch {
namespace {

// contiguous(ChannelsLast) would leave 1x1 kernels unchanged (both layouts hold the same bytes in the same order). But
// their gradients come with channels_last strides, and the Reducer's bucket views take the parameter's strides, so
// these must be set too.
void to_channels_last(Model& model) {
  for (auto& parameter : model.parameters())
    if (parameter.dim() == 4)
      parameter.set_data(
          at::empty_like(parameter, parameter.options(), at::MemoryFormat::ChannelsLast).copy_(parameter.detach()));
}

}  // namespace

TrainingSetup make_training_setup(const RunConfig& config, const torch::Device& device,
                                  std::shared_ptr<const Dataset> dataset) {
  TrainingSetup setup;
  setup.device = device;
  setup.dtype = config.model.dtype == FloatType::float64 ? torch::kFloat64 : torch::kFloat32;
  setup.precision = config.gpu.mixed_precision.value_or(Precision::fp32);
  setup.dataset = std::move(dataset);
  const auto shape = setup.dataset->shape();
  setup.sample_kind = shape.kind;
  setup.channels_last = shape.kind == "image" && config.gpu.channels_last.value_or(false);
  torch::manual_seed(static_cast<std::uint64_t>(config.seed));
  setup.model = make_model(config.model.name, config.model.options, shape);
  setup.model->to(device, setup.dtype);
  if (setup.channels_last) to_channels_last(*setup.model);
  return setup;
}

bool pins_batches(const DataConfig& data, const torch::Device& device) {
  return device.is_cuda() && data.pin_memory.value_or(false);
}

torch::Tensor model_input(const TrainingSetup& setup, const Batch& batch) {
  auto input = setup.dataset->prepare(batch.input.to(setup.device, /*non_blocking=*/true), setup.dtype);
  return setup.channels_last ? input.contiguous(at::MemoryFormat::ChannelsLast) : input;
}

torch::Tensor model_target(const TrainingSetup& setup, const Batch& batch) {
  return batch.target.to(setup.device, /*non_blocking=*/true);
}

std::vector<NamedParameter> named_parameters(const Model& model) {
  std::vector<NamedParameter> found;
  for (const auto& item : model.named_parameters())
    if (item.value().requires_grad()) found.push_back({item.key(), item.value()});
  return found;
}

std::vector<std::pair<std::string, torch::Tensor>> state_tensors(const Model& model) {
  std::vector<std::pair<std::string, torch::Tensor>> found;
  for (const auto& item : model.named_parameters()) found.emplace_back(item.key(), item.value());
  for (const auto& item : model.named_buffers()) found.emplace_back(item.key(), item.value());
  return found;
}

}  // namespace tlaunch
