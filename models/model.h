// Models by name. A model maps a prepared batch to logits; the loss is cross-entropy on them, taken in float32 (float64
// for a float64 model) by the trainer. Parameter and buffer names equal those of the same model in PyTorch, so that
// weights move both ways.
#pragma once

#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

#include "config/description.h"
#include "config/options.h"
#include "contract/sample_shape.h"

namespace tlaunch {

class Model : public torch::nn::Module {
 public:
  // Images [n, c, h, w] in the model's dtype, or keys int64 [n, window], to logits [n, num_classes].
  virtual torch::Tensor forward(const torch::Tensor& input) = 0;

  // As in Python, only floating-point tensors change dtype. LibTorch's own to() would turn BatchNorm's counters into
  // floats.
  using torch::nn::Module::to;
  void to(torch::Dtype dtype, bool non_blocking = false) override;
  void to(torch::Device device, torch::Dtype dtype, bool non_blocking = false) override;
};

// Builds a model from its options and the data's shape; throws UsageError if they do not fit together.
using ModelFactory = std::shared_ptr<Model> (*)(const Options& options, const SampleShape& shape);
// Throws std::logic_error if a model of that name exists.
void register_model(ModelDescription description, ModelFactory factory);
std::vector<ModelDescription> model_descriptions();
std::shared_ptr<Model> make_model(const std::string& name, const Options& options, const SampleShape& shape);

}  // namespace tlaunch
