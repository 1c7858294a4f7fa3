// The dtypes of safetensors under PyTorch's names. Pure.
#pragma once

#include <string>
#include <string_view>

namespace tlaunch {

std::string torch_storage(const std::string& dtype);     // "FloatStorage" of "F32"; "" where PyTorch has no such class
std::string torch_dtype(const std::string& dtype);       // "float32" of "F32"; "" where unknown
std::string dtype_of_storage(std::string_view storage);  // the other way round; "" where safetensors has none
std::string dtype_of_torch(std::string_view dtype);      // "F32" of "float32"; "" where safetensors has none

}  // namespace tlaunch
