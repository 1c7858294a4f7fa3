#include "hardware/gpu/nvml_library.h"

#include <dlfcn.h>

#include "base/text.h"

namespace tlaunch {

std::unique_ptr<NvmlLibrary> NvmlLibrary::open(const std::vector<std::string>& paths, std::string& problem) {
  void* handle = nullptr;
  for (const std::string& path : paths) {
    handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle) break;
  }
  if (!handle) return nullptr;
  std::unique_ptr<NvmlLibrary> library(new NvmlLibrary(handle));
  if (!library->load_functions(problem)) return nullptr;
  const nvmlReturn_t code = library->init();
  library->started_ = code == NVML_SUCCESS;
  if (code == NVML_SUCCESS) return library;
  problem = format_text("the NVIDIA driver does not start: {}", library->message(code));
  if (code == NVML_ERROR_LIB_RM_VERSION_MISMATCH) problem += "; the driver was updated under a running kernel: reboot";
  if (code == NVML_ERROR_DRIVER_NOT_LOADED) problem += "; its kernel module is not loaded: check `nvidia-smi`, `dmesg`";
  return nullptr;
}

NvmlLibrary::~NvmlLibrary() {
  if (started_) shutdown();
  dlclose(handle_);
}

std::string NvmlLibrary::message(nvmlReturn_t code) const {
  const char* text = error_string(code);
  return text ? text : format_text("NVML error {}", static_cast<int>(code));
}

bool NvmlLibrary::load_functions(std::string& problem) {
  const auto find = [&](auto& function, const char* symbol) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(handle_, symbol));
    return function != nullptr;
  };
  find(pcie_generation, "nvmlDeviceGetMaxPcieLinkGeneration");
  find(pcie_width, "nvmlDeviceGetMaxPcieLinkWidth");
  find(pci_info, "nvmlDeviceGetPciInfo_v3");
  find(nvlink_state, "nvmlDeviceGetNvLinkState");
  find(mig_mode, "nvmlDeviceGetMigMode");
  find(mig_count, "nvmlDeviceGetMaxMigDeviceCount");
  find(mig_by_index, "nvmlDeviceGetMigDeviceHandleByIndex");
  find(gpu_instance, "nvmlDeviceGetGpuInstanceId");
  find(compute_instance, "nvmlDeviceGetComputeInstanceId");
  find(compute_processes, "nvmlDeviceGetComputeRunningProcesses_v3");
  find(graphics_processes, "nvmlDeviceGetGraphicsRunningProcesses_v3");

  const auto need = [&](auto& function, const char* symbol) {
    if (find(function, symbol)) return true;
    problem = format_text("the NVIDIA driver is too old: its library lacks {}", symbol);
    return false;
  };
  return need(init, "nvmlInit_v2") && need(shutdown, "nvmlShutdown") && need(error_string, "nvmlErrorString") &&
         need(driver_version, "nvmlSystemGetDriverVersion") && need(count, "nvmlDeviceGetCount_v2") &&
         need(by_index, "nvmlDeviceGetHandleByIndex_v2") && need(by_uuid, "nvmlDeviceGetHandleByUUID") &&
         need(name, "nvmlDeviceGetName") && need(uuid, "nvmlDeviceGetUUID") &&
         need(memory, "nvmlDeviceGetMemoryInfo") && need(capability, "nvmlDeviceGetCudaComputeCapability") &&
         need(utilization, "nvmlDeviceGetUtilizationRates") && need(temperature, "nvmlDeviceGetTemperature") &&
         need(power, "nvmlDeviceGetPowerUsage");
}

}  // namespace tlaunch
