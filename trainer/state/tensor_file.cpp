#include "trainer/state/tensor_file.h"

#include <algorithm>

#include "base/error.h"
#include "checkpoint/weights_fit.h"

namespace tlaunch {
namespace {

struct TypeName {
  torch::Dtype dtype;
  const char* name;
};
constexpr TypeName type_names[] = {{torch::kFloat64, "F64"},   {torch::kFloat32, "F32"}, {torch::kFloat16, "F16"},
                                   {torch::kBFloat16, "BF16"}, {torch::kInt64, "I64"},   {torch::kInt32, "I32"},
                                   {torch::kInt16, "I16"},     {torch::kInt8, "I8"},     {torch::kUInt8, "U8"},
                                   {torch::kBool, "BOOL"}};

const char* name_of(torch::Dtype dtype) {
  for (const auto& known : type_names)
    if (known.dtype == dtype) return known.name;
  throw std::logic_error("safetensors has no name for the dtype of this tensor");
}

}  // namespace

std::vector<TensorView> views_of(const NamedTensors& tensors) {
  std::vector<TensorView> views;
  for (const auto& [name, tensor] : tensors)
    views.push_back({name,
                     name_of(tensor.scalar_type()),
                     tensor.sizes().vec(),
                     {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()}});
  return views;
}

void TensorSnapshot::take(const NamedTensors& tensors) {
  const torch::NoGradGuard no_grad;
  const auto same = [](const auto& kept, const auto& now) {
    return kept.first == now.first && kept.second.sizes() == now.second.sizes() &&
           kept.second.scalar_type() == now.second.scalar_type();
  };
  if (!std::equal(kept_.begin(), kept_.end(), tensors.begin(), tensors.end(), same)) {
    views_.clear();
    kept_.clear();
    for (const auto& [name, tensor] : tensors)
      kept_.emplace_back(
          name, torch::empty(tensor.sizes(),
                             torch::TensorOptions().dtype(tensor.scalar_type()).pinned_memory(tensor.is_cuda())));
    views_ = views_of(kept_);
  }
  stream_.run([&] {
    for (std::size_t i = 0; i < tensors.size(); ++i) kept_[i].second.copy_(tensors[i].second, /*non_blocking=*/true);
  });
}

void check_fit(const SafetensorsFile& file, const NamedTensors& tensors) {
  std::vector<TensorView> wanted;  // without data: misfit() does not read it
  for (const auto& [name, tensor] : tensors)
    wanted.push_back({name, name_of(tensor.scalar_type()), tensor.sizes().vec(), {}});
  if (const std::string wrong = misfit(file.path(), file.tensors(), wanted); !wrong.empty()) throw DataError(wrong);
}

void copy_from_file(const SafetensorsFile& file, const NamedTensors& tensors) {
  check_fit(file, tensors);
  const torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : tensors) {
    const bool in_place = tensor.is_cpu() && tensor.is_contiguous();
    const auto host =
        in_place ? tensor : torch::empty(tensor.sizes(), torch::TensorOptions().dtype(tensor.scalar_type()));
    file.read(*file.find(name), {static_cast<std::byte*>(host.mutable_data_ptr()), host.nbytes()});
    if (!in_place) tensor.copy_(host);
  }
}

}  // namespace tlaunch
