// The shape of a data set's samples, which a model needs to be built for them.
#pragma once

#include <cstdint>
#include <string>

namespace tlaunch {

struct SampleShape {
  std::string kind;                                  // "image" or "keys"
  std::int64_t channels = 0, height = 0, width = 0;  // image
  std::int64_t window = 0;                           // keys
  std::int64_t num_classes = 0;                      // labels, or distinct keys
};

}  // namespace tlaunch
