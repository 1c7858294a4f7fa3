// For a LibTorch without CUDA.
#include <ATen/Context.h>

#include "trainer/device.h"
#include "trainer/host_memory.h"

namespace tlaunch {

int cuda_device_count() { return 0; }
void select_device(const torch::Device&) {}
void synchronize(const torch::Device&) {}
void empty_cache(const torch::Device&) {}
std::uint64_t peak_bytes(const torch::Device&) { return peak_rss_bytes(); }
void reset_peak(const torch::Device&) { reset_peak_rss(); }

torch::Tensor generator_state(const torch::Device& device) {
  return at::globalContext().defaultGenerator(device).get_state();
}

void set_generator_state(const torch::Device& device, const torch::Tensor& state) {
  auto generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(state);
}

}  // namespace tlaunch
