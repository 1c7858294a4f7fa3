// Maps the dtypes of safetensors to PyTorch's names and back. Pure.
#pragma once

#include <string>
#include <string_view>

namespace tlaunch {

std::string torch_storage(const std::string& dtype);     // "FloatStorage" for "F32"; "" if PyTorch has no such class
std::string torch_dtype(const std::string& dtype);       // "float32" for "F32"; "" if unknown
std::string dtype_of_storage(std::string_view storage);  // "F32" for "FloatStorage"; "" if safetensors has none
std::string dtype_of_torch(std::string_view dtype);      // "F32" for "float32"; "" if safetensors has none

}  // namespace tlaunch
