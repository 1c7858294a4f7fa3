#include "hardware/nvml_library.h"

#include <dlfcn.h>

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
  problem = "the NVIDIA driver does not start: " + library->message(code);
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
  return text ? text : "NVML error " + std::to_string(static_cast<int>(code));
}

bool NvmlLibrary::load_functions(std::string& problem) {
  const auto load = [&](auto& function, const char* symbol) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(handle_, symbol));
    if (!function) problem = std::string("the NVIDIA driver is too old: its library lacks ") + symbol;
    return function != nullptr;
  };
  return load(init, "nvmlInit_v2") && load(shutdown, "nvmlShutdown") && load(error_string, "nvmlErrorString") &&
         load(driver_version, "nvmlSystemGetDriverVersion") && load(count, "nvmlDeviceGetCount_v2") &&
         load(by_index, "nvmlDeviceGetHandleByIndex_v2") && load(by_uuid, "nvmlDeviceGetHandleByUUID") &&
         load(name, "nvmlDeviceGetName") && load(uuid, "nvmlDeviceGetUUID") &&
         load(memory, "nvmlDeviceGetMemoryInfo") && load(capability, "nvmlDeviceGetCudaComputeCapability") &&
         load(utilization, "nvmlDeviceGetUtilizationRates") && load(temperature, "nvmlDeviceGetTemperature") &&
         load(power, "nvmlDeviceGetPowerUsage");
}

}  // namespace tlaunch
