#include <ATen/Context.h>

#include "trainer/device/device.h"

namespace tlaunch {

torch::Tensor generator_state(const torch::Device& device) {
  return at::globalContext().defaultGenerator(device).get_state();
}

void set_generator_state(const torch::Device& device, const torch::Tensor& state) {
  auto generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(state);
}

}  // namespace tlaunch
