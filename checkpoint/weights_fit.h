// Checks that a file's tensors are those that a model needs; if not, says what is wrong and what to do. Pure.
#pragma once

#include <string>
#include <vector>

#include "checkpoint/safetensors/safetensors.h"

namespace tlaunch {

// "" if `held` has each tensor of `wanted` with its dtype and shape, and no others except those with reserved names and
// the count of an AveragedModel. Else at most ten lines, which begin with `path`. Does not look at the data.
std::string misfit(const std::string& path, const std::vector<TensorView>& held, const std::vector<TensorView>& wanted);

}  // namespace tlaunch
