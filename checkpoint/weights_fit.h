// Whether a file's tensors are those that a model wants, and if not, what is wrong and what to do about it. Pure.
#pragma once

#include <string>
#include <vector>

#include "checkpoint/safetensors/safetensors.h"

namespace tlaunch {

// "" where `held` has each of `wanted`, of that dtype and shape, and nothing else beside tensors of reserved names and
// the count of an AveragedModel. Else at most ten lines, which begin with `path`. No data is looked at.
std::string misfit(const std::string& path, const std::vector<TensorView>& held, const std::vector<TensorView>& wanted);

}  // namespace tlaunch
