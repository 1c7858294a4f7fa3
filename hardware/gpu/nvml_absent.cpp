// Stands in for nvml.cpp, nvml_library.cpp and gpu_monitor.cpp where nvml.h was not there when this was built.
#include "hardware/gpu/gpu_monitor.h"
#include "hardware/gpu/gpu_probe.h"

namespace tlaunch {

struct GpuMonitor::State {};

GpuProbe probe_gpus(const std::vector<std::string>&) {
  GpuProbe probe;
  probe.notes.push_back(
      "built without nvml.h, so GPUs are not looked for (it comes with the PyPI package "
      "nvidia-nvml-dev or the CUDA toolkit)");
  return probe;
}

GpuMonitor::GpuMonitor(const std::string&) {}
GpuMonitor::GpuMonitor(const std::string&, const std::string&) {}
GpuMonitor::~GpuMonitor() = default;
GpuMonitor::GpuMonitor(GpuMonitor&&) noexcept = default;
GpuMonitor& GpuMonitor::operator=(GpuMonitor&&) noexcept = default;
std::optional<GpuSample> GpuMonitor::sample() { return std::nullopt; }

}  // namespace tlaunch
