// NVML, loaded with dlopen: only the nvml*.cpp and gpu_monitor.cpp include this, because it needs nvml.h.
#pragma once

#include <nvml.h>

#include <memory>
#include <string>
#include <vector>

namespace tlaunch {

class NvmlLibrary {
 public:
  // Null if no path has the library or the library does not start. `problem` then says why, as the text of a note; it
  // stays empty if there is no library.
  static std::unique_ptr<NvmlLibrary> open(const std::vector<std::string>& paths, std::string& problem);
  ~NvmlLibrary();
  NvmlLibrary(const NvmlLibrary&) = delete;
  NvmlLibrary& operator=(const NvmlLibrary&) = delete;

  std::string message(nvmlReturn_t code) const;

  // The NVML functions that tlaunch uses. None of these is null in an open library.
  decltype(&nvmlInit_v2) init = nullptr;
  decltype(&nvmlShutdown) shutdown = nullptr;
  decltype(&nvmlErrorString) error_string = nullptr;
  decltype(&nvmlSystemGetDriverVersion) driver_version = nullptr;
  decltype(&nvmlDeviceGetCount_v2) count = nullptr;
  decltype(&nvmlDeviceGetHandleByIndex_v2) by_index = nullptr;
  decltype(&nvmlDeviceGetHandleByUUID) by_uuid = nullptr;
  decltype(&nvmlDeviceGetName) name = nullptr;
  decltype(&nvmlDeviceGetUUID) uuid = nullptr;
  decltype(&nvmlDeviceGetMemoryInfo) memory = nullptr;
  decltype(&nvmlDeviceGetCudaComputeCapability) capability = nullptr;
  decltype(&nvmlDeviceGetUtilizationRates) utilization = nullptr;
  decltype(&nvmlDeviceGetTemperature) temperature = nullptr;
  decltype(&nvmlDeviceGetPowerUsage) power = nullptr;
  // Null if the driver is older than the function.
  decltype(&nvmlDeviceGetMaxPcieLinkGeneration) pcie_generation = nullptr;
  decltype(&nvmlDeviceGetMaxPcieLinkWidth) pcie_width = nullptr;
  decltype(&nvmlDeviceGetPciInfo_v3) pci_info = nullptr;
  decltype(&nvmlDeviceGetNvLinkState) nvlink_state = nullptr;
  decltype(&nvmlDeviceGetMigMode) mig_mode = nullptr;
  decltype(&nvmlDeviceGetMaxMigDeviceCount) mig_count = nullptr;
  decltype(&nvmlDeviceGetMigDeviceHandleByIndex) mig_by_index = nullptr;
  decltype(&nvmlDeviceGetGpuInstanceId) gpu_instance = nullptr;
  decltype(&nvmlDeviceGetComputeInstanceId) compute_instance = nullptr;
  decltype(&nvmlDeviceGetComputeRunningProcesses_v3) compute_processes = nullptr;
  decltype(&nvmlDeviceGetGraphicsRunningProcesses_v3) graphics_processes = nullptr;

 private:
  explicit NvmlLibrary(void* handle) : handle_(handle) {}
  bool load_functions(std::string& problem);

  void* handle_;
  bool started_ = false;
};

}  // namespace tlaunch
