#include "trainer/tensor_file.h"

#include <cstring>

#include "core/error.h"

namespace tlaunch {
namespace {

struct TypeName {
  torch::Dtype dtype;
  const char* name;
};
constexpr TypeName type_names[] = {{torch::kFloat64, "F64"},  {torch::kFloat32, "F32"}, {torch::kFloat16, "F16"},
                                   {torch::kBFloat16, "BF16"}, {torch::kInt64, "I64"},   {torch::kInt32, "I32"},
                                   {torch::kInt16, "I16"},     {torch::kInt8, "I8"},     {torch::kUInt8, "U8"},
                                   {torch::kBool, "BOOL"}};

const char* name_of(torch::Dtype dtype) {
  for (const auto& known : type_names)
    if (known.dtype == dtype) return known.name;
  throw std::logic_error("a tensor of this dtype has no name in safetensors");
}

std::string describe(const std::string& dtype, const std::vector<std::int64_t>& shape) {
  std::string text = dtype + " [";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

// One line for each entry that does not fit.
std::vector<std::string> mismatches(const SafetensorsFile& file, const NamedTensors& tensors) {
  std::vector<std::string> found;
  for (const auto& [name, tensor] : tensors) {
    const auto wanted = describe(name_of(tensor.scalar_type()), tensor.sizes().vec());
    const auto* entry = file.find(name);
    if (!entry)
      found.push_back(name + ": absent, expected " + wanted);
    else if (const auto held = describe(entry->dtype, entry->shape); held != wanted)
      found.push_back(name + ": is " + held + ", expected " + wanted);
  }
  return found;
}

}  // namespace

void TensorSnapshot::add(const std::string& name, const torch::Tensor& tensor) {
  const auto copy = kept_.emplace_back(tensor.detach().to(torch::kCPU).contiguous());
  views_.push_back({name, name_of(copy.scalar_type()), copy.sizes().vec(),
                    {static_cast<const std::byte*>(copy.const_data_ptr()), copy.nbytes()}});
}

void copy_from_file(const SafetensorsFile& file, const NamedTensors& tensors) {
  const auto wrong = mismatches(file, tensors);
  if (!wrong.empty()) {
    std::string message = file.path() + ": does not fit this model:";
    for (std::size_t i = 0; i < wrong.size() && i < 5; ++i) message += "\n  " + wrong[i];
    if (wrong.size() > 5) message += "\n  and " + std::to_string(wrong.size() - 5) + " more";
    throw DataError(message);
  }
  const torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : tensors) {
    const auto* entry = file.find(name);
    auto host = torch::empty(tensor.sizes(), torch::TensorOptions().dtype(tensor.scalar_type()));
    if (!entry->data.empty()) std::memcpy(host.mutable_data_ptr(), entry->data.data(), entry->data.size());
    tensor.copy_(host);
  }
}

}  // namespace tlaunch
