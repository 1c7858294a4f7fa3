#include "hardware/gpu/nvml_details.h"

#include <algorithm>
#include <map>

namespace tlaunch {

std::string pci_bus_id(const NvmlLibrary& nvml, nvmlDevice_t device) {
  nvmlPciInfo_t info{};
  return nvml.pci_info && nvml.pci_info(device, &info) == NVML_SUCCESS ? info.busId : "";
}

std::optional<PcieLink> pcie_link(const NvmlLibrary& nvml, nvmlDevice_t device) {
  unsigned generation = 0, width = 0;
  if (!nvml.pcie_generation || nvml.pcie_generation(device, &generation) != NVML_SUCCESS) return std::nullopt;
  if (!nvml.pcie_width || nvml.pcie_width(device, &width) != NVML_SUCCESS) return std::nullopt;
  return PcieLink{static_cast<int>(generation), static_cast<int>(width)};
}

std::optional<int> nvlink_links(const NvmlLibrary& nvml, nvmlDevice_t device) {
  if (!nvml.nvlink_state) return std::nullopt;
  int links = 0;
  for (unsigned link = 0; link < NVML_NVLINK_MAX_LINKS; ++link) {
    nvmlEnableState_t active = NVML_FEATURE_DISABLED;
    // The call fails for a link that the card does not have or that is not wired.
    if (nvml.nvlink_state(device, link, &active) == NVML_SUCCESS && active == NVML_FEATURE_ENABLED) ++links;
  }
  return links;
}

bool mig_is_on(const NvmlLibrary& nvml, nvmlDevice_t device) {
  unsigned current = NVML_DEVICE_MIG_DISABLE, pending = NVML_DEVICE_MIG_DISABLE;
  return nvml.mig_mode && nvml.mig_mode(device, &current, &pending) == NVML_SUCCESS &&
         current == NVML_DEVICE_MIG_ENABLE;
}

std::vector<MigInstance> mig_instances(const NvmlLibrary& nvml, nvmlDevice_t device, const std::string& uuid) {
  std::vector<MigInstance> instances;
  unsigned count = 0;
  if (!nvml.mig_count || !nvml.mig_by_index || nvml.mig_count(device, &count) != NVML_SUCCESS) return instances;
  for (unsigned i = 0; i < std::min(count, 64u); ++i) {
    nvmlDevice_t slice{};
    if (nvml.mig_by_index(device, i, &slice) != NVML_SUCCESS) continue;  // this index is not in use
    MigInstance instance;
    char text[NVML_DEVICE_UUID_V2_BUFFER_SIZE] = "";
    if (nvml.name(slice, text, sizeof text) == NVML_SUCCESS) instance.name = text;
    if (nvml.uuid(slice, text, sizeof text) == NVML_SUCCESS) instance.uuid = text;
    nvmlMemory_t memory{};
    if (nvml.memory(slice, &memory) == NVML_SUCCESS) {
      instance.memory_total_bytes = memory.total;
      instance.memory_free_bytes = memory.free;
    }
    unsigned part = 0, of_part = 0;
    if (nvml.gpu_instance && nvml.compute_instance && nvml.gpu_instance(slice, &part) == NVML_SUCCESS &&
        nvml.compute_instance(slice, &of_part) == NVML_SUCCESS)
      instance.place = "MIG-" + uuid + "/" + std::to_string(part) + "/" + std::to_string(of_part);
    instance.processes = gpu_processes(nvml, slice);
    instances.push_back(std::move(instance));
  }
  return instances;
}

std::vector<GpuProcess> gpu_processes(const NvmlLibrary& nvml, nvmlDevice_t device) {
  std::map<unsigned, GpuProcess> by_pid;  // a process that computes and draws is in both lists
  for (const auto list : {nvml.compute_processes, nvml.graphics_processes}) {
    if (!list) continue;
    std::vector<nvmlProcessInfo_t> found(64);
    nvmlReturn_t code = NVML_ERROR_INSUFFICIENT_SIZE;
    // The list may grow between two calls, when processes start.
    for (int attempt = 0; attempt < 3 && code == NVML_ERROR_INSUFFICIENT_SIZE; ++attempt) {
      unsigned count = static_cast<unsigned>(found.size());
      code = list(device, &count, found.data());
      found.resize(code == NVML_ERROR_INSUFFICIENT_SIZE ? std::min(count, 65536u) + 16 : count);
    }
    if (code != NVML_SUCCESS) continue;
    for (const nvmlProcessInfo_t& info : found) {
      GpuProcess& process = by_pid[info.pid];
      process.pid = info.pid;
      // Windows, hence WSL2, does not report the memory.
      if (info.usedGpuMemory != static_cast<unsigned long long>(NVML_VALUE_NOT_AVAILABLE)) {
        process.used_bytes = std::max<std::uint64_t>(process.used_bytes.value_or(0), info.usedGpuMemory);
      }
    }
  }
  std::vector<GpuProcess> processes;
  for (auto& [pid, process] : by_pid) processes.push_back(std::move(process));
  return processes;
}

}  // namespace tlaunch
