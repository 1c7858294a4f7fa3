#include "models/model.h"

#include <utility>

namespace tlaunch {
namespace {

using Kept = std::vector<std::pair<torch::Tensor, torch::Tensor>>;  // buffer, its value

Kept integer_buffers(const Model& model) {
  Kept kept;
  for (const torch::Tensor& buffer : model.buffers()) {
    if (!buffer.is_floating_point()) kept.emplace_back(buffer, buffer.clone());
  }
  return kept;
}

void put_back(Kept kept) {
  for (auto& [buffer, value] : kept) buffer.set_data(value.to(buffer.device()));
}

}  // namespace

void Model::to(torch::Dtype dtype, bool non_blocking) {
  Kept kept = integer_buffers(*this);
  torch::nn::Module::to(dtype, non_blocking);
  put_back(std::move(kept));
}

void Model::to(torch::Device device, torch::Dtype dtype, bool non_blocking) {
  Kept kept = integer_buffers(*this);
  torch::nn::Module::to(device, dtype, non_blocking);
  put_back(std::move(kept));
}

}  // namespace tlaunch
