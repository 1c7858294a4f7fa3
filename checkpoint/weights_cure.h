// Advice for weights that do not fit a model. Pure.
#pragma once

#include <string>
#include <vector>

#include "checkpoint/safetensors/safetensors.h"

namespace tlaunch {

struct Misfits {
  struct Pair {
    const TensorView *held, *wanted;
  };
  std::vector<const TensorView*> missing, unexpected;
  std::vector<Pair> different;  // in dtype or shape
};

// One to five lines without a newline at the end. `wanted`: all tensors of the model; most of them may fit.
std::string cure_of(const std::string& path, const Misfits& found, const std::vector<TensorView>& wanted);

// A shape's sizes: "10, 8".
std::string sizes_text(const std::vector<std::int64_t>& shape);

}  // namespace tlaunch
