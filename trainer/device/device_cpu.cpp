// For a LibTorch without CUDA.
#include "trainer/device/device.h"
#include "trainer/device/host_memory.h"

namespace tlaunch {

int cuda_device_count() { return 0; }
std::string cuda_problem() { return "this LibTorch has no CUDA"; }
std::string cuda_version() { return ""; }
std::vector<std::string> cuda_architectures() { return {}; }
void select_device(const torch::Device&) {}
void synchronize(const torch::Device&) {}
void empty_cache(const torch::Device&) {}
std::uint64_t peak_bytes(const torch::Device&) { return peak_rss_bytes(); }
void reset_peak(const torch::Device&) { reset_peak_rss(); }
std::uint64_t used_bytes(const torch::Device&) { return resident_bytes(); }
void cap_device_memory(const torch::Device&, std::uint64_t) {}
std::string device_uuid(const torch::Device&) { return ""; }

}  // namespace tlaunch
