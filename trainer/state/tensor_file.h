// Tensors to and from a safetensors file.
#pragma once

#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

#include "checkpoint/safetensors/safetensors.h"
#include "trainer/device/side_stream.h"

namespace tlaunch {

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

// A copy of the state, in memory of its own, while training continues. That memory is reused by the next take().
class TensorSnapshot {
 public:
  explicit TensorSnapshot(const torch::Device& device) : stream_(device) {}
  // On CUDA the copies are on their way to page-locked memory when it returns; kernels that are started afterwards wait
  // for them on the device.
  void take(const NamedTensors& tensors);
  // Blocks until the copies are done. Any thread, but not during take().
  void wait() const { stream_.wait(); }
  // The memory that the latest take() copies to.
  const std::vector<TensorView>& views() const { return views_; }

 private:
  SideStream stream_;
  NamedTensors kept_;
  std::vector<TensorView> views_;
};

// Views of the memory of tensors on the CPU, which must be contiguous and must not change while the views are in use.
std::vector<TensorView> views_of(const NamedTensors& tensors);

// Checks that the file has each of the tensors in its dtype and shape, and no others except those with reserved names.
// Throws DataError that says what does not fit. Reads no data.
void check_fit(const SafetensorsFile& file, const NamedTensors& tensors);

// Reads the file's entry of each name into its tensor, in place. All entries are checked first with check_fit(); if
// that throws, no tensor has changed. Verify the file before.
void copy_from_file(const SafetensorsFile& file, const NamedTensors& tensors);

}  // namespace tlaunch
