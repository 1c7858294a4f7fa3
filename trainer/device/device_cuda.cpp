#include <ATen/Context.h>
#include <ATen/cuda/CUDAContext.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>

#include <cuda.h>

#include <algorithm>
#include <cstdio>
#include <regex>

#include "trainer/device/device.h"
#include "trainer/device/host_memory.h"

namespace tlaunch {

// The count that does not throw: a machine without driver or card has 0.
int cuda_device_count() { return c10::cuda::device_count(); }

std::string cuda_problem() {
  try {
    (void)c10::cuda::device_count_ensure_non_zero();
  } catch (const c10::Error& error) {
    std::string text = error.what_without_backtrace();
    text.resize(std::min(text.size(), text.find('\n')));
    while (text.ends_with('.') || text.ends_with(' ')) text.pop_back();
    return text;
  }
  return "CUDA found no card at first";
}

std::string cuda_version() {
  return std::to_string(CUDA_VERSION / 1000) + "." + std::to_string(CUDA_VERSION % 1000 / 10);
}

std::vector<std::string> cuda_architectures() {
  if (cuda_device_count() == 0) return {};
  // In C++ only the build's own report lists them.
  const auto report = at::detail::getCUDAHooks().showConfig();
  const std::regex pattern("code=((?:sm|compute)_[0-9]+[a-z]?)");
  std::vector<std::string> found;
  for (auto it = std::sregex_iterator(report.begin(), report.end(), pattern); it != std::sregex_iterator(); ++it)
    if (std::find(found.begin(), found.end(), (*it)[1]) == found.end()) found.push_back((*it)[1]);
  return found;
}

void select_device(const torch::Device& device) {
  if (!device.is_cuda()) return;
  at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
  c10::cuda::set_device(device.index());
}

void synchronize(const torch::Device& device) {
  if (device.is_cuda()) c10::cuda::device_synchronize();
}

void empty_cache(const torch::Device& device) {
  if (device.is_cuda()) c10::cuda::CUDACachingAllocator::emptyCache();
}

namespace {

auto reserved_bytes(const torch::Device& device) {
  const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(device.index());
  return stats.reserved_bytes[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
}

}  // namespace

std::uint64_t peak_bytes(const torch::Device& device) {
  return device.is_cuda() ? static_cast<std::uint64_t>(reserved_bytes(device).peak) : peak_rss_bytes();
}

std::uint64_t used_bytes(const torch::Device& device) {
  return device.is_cuda() ? static_cast<std::uint64_t>(reserved_bytes(device).current) : resident_bytes();
}

void cap_device_memory(const torch::Device& device, std::uint64_t budget_bytes) {
  const auto total = at::cuda::getDeviceProperties(device.index())->totalGlobalMem;
  const double fraction = std::min(1.0, static_cast<double>(budget_bytes) / static_cast<double>(total));
  c10::cuda::CUDACachingAllocator::setMemoryFraction(fraction, device.index());
}

void reset_peak(const torch::Device& device) {
  if (device.is_cuda())
    c10::cuda::CUDACachingAllocator::resetPeakStats(device.index());
  else
    reset_peak_rss();
}

std::string device_uuid(const torch::Device& device) {
  if (!device.is_cuda()) return "";
  const auto& bytes = at::cuda::getDeviceProperties(device.index())->uuid.bytes;
  std::string text = "GPU";
  for (int i = 0; i < 16; ++i) {
    char digits[4];
    std::snprintf(digits, sizeof digits, "%s%02x", i == 0 || i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                  static_cast<unsigned char>(bytes[i]));
    text += digits;
  }
  return text;
}

}  // namespace tlaunch
