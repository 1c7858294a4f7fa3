// Replaces the nvml*.cpp files and gpu_monitor.cpp in a build without nvml.h.
#include "hardware/gpu/gpu_monitor.h"
#include "hardware/gpu/gpu_probe.h"

namespace tlaunch {

struct GpuMonitor::State {};

GpuProbe probe_gpus(const std::vector<std::string>&) {
  GpuProbe probe;
  probe.notes.push_back(
      "tlaunch was built without nvml.h and does not look for GPUs: install the PyPI package nvidia-nvml-dev or the "
      "CUDA toolkit, and build again");
  return probe;
}

GpuMonitor::GpuMonitor(const std::string&) {}
GpuMonitor::GpuMonitor(const std::string&, const std::string&) {}
GpuMonitor::~GpuMonitor() = default;
GpuMonitor::GpuMonitor(GpuMonitor&&) noexcept = default;
GpuMonitor& GpuMonitor::operator=(GpuMonitor&&) noexcept = default;
std::optional<GpuSample> GpuMonitor::sample() { return std::nullopt; }

}  // namespace tlaunch
