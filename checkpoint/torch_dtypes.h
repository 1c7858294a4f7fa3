// PyTorch's names of storages with elements of one dtype, as pickles have them. Pure.
#pragma once

#include <string>
#include <string_view>

namespace tlaunch {

std::string torch_storage(const std::string& dtype);   // "FloatStorage" of "F32"; "" where unknown
std::string dtype_of_storage(std::string_view storage);  // the other way round; "" where there is none in checkpoints

}  // namespace tlaunch
