// Tensors to and from a safetensors file.
#pragma once

#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

#include "checkpoint/safetensors.h"

namespace tlaunch {

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

// Contiguous copies on the CPU, and views of them; lives as long as the writing.
class TensorSnapshot {
 public:
  void add(const std::string& name, const torch::Tensor& tensor);
  const std::vector<TensorView>& views() const { return views_; }

 private:
  std::vector<torch::Tensor> kept_;
  std::vector<TensorView> views_;
};

// Copies the file's entry of each name into its tensor, in place. All entries are checked first (there, dtype, shape);
// throws DataError that lists what does not fit, and then no tensor has changed.
void copy_from_file(const SafetensorsFile& file, const NamedTensors& tensors);

}  // namespace tlaunch
