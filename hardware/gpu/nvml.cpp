#include "hardware/gpu/gpu_probe.h"
#include "hardware/gpu/nvml_details.h"
#include "hardware/gpu/nvml_library.h"

namespace tlaunch {
namespace {

// One card; what it does not tell stays 0 and becomes a note.
GpuInfo read_card(const NvmlLibrary& nvml, nvmlDevice_t device, unsigned index, std::vector<std::string>& notes) {
  GpuInfo gpu;
  const auto failed = [&](nvmlReturn_t code, const char* what) {
    if (code != NVML_SUCCESS) {
      notes.push_back("GPU " + std::to_string(index) + ": " + what + " unknown: " + nvml.message(code));
    }
    return code != NVML_SUCCESS;
  };
  char text[NVML_DEVICE_UUID_V2_BUFFER_SIZE] = "";  // as large as NVML's buffer for names
  gpu.name = failed(nvml.name(device, text, sizeof text), "name") ? "unknown NVIDIA GPU" : text;
  if (!failed(nvml.uuid(device, text, sizeof text), "UUID")) gpu.uuid = text;
  gpu.mig = mig_is_on(nvml, device);
  if (gpu.mig) gpu.mig_instances = mig_instances(nvml, device, gpu.uuid);
  nvmlMemory_t memory{};
  const nvmlReturn_t memory_code = nvml.memory(device, &memory);
  if (memory_code == NVML_SUCCESS) {
    gpu.memory_total_bytes = memory.total;
    gpu.memory_free_bytes = memory.free;
  } else if (!gpu.mig) {  // a container that has a slice may not ask for the whole card's
    failed(memory_code, "memory");
  }
  if (failed(nvml.capability(device, &gpu.capability_major, &gpu.capability_minor), "compute capability")) {
    gpu.capability_major = gpu.capability_minor = 0;
  }
  gpu.tier = gpu_tier(gpu.name, gpu.memory_total_bytes, gpu.capability_major);
  gpu.pci_bus_id = pci_bus_id(nvml, device);
  gpu.pcie = pcie_link(nvml, device);
  gpu.nvlink_links = nvlink_links(nvml, device);
  gpu.processes = gpu_processes(nvml, device);
  return gpu;
}

}  // namespace

GpuProbe probe_gpus(const std::vector<std::string>& library_paths) {
  GpuProbe probe;
  std::string problem;
  const auto nvml = NvmlLibrary::open(library_paths, problem);
  if (!nvml) {
    if (!problem.empty()) probe.notes.push_back(problem);
    return probe;
  }
  probe.driver_found = true;
  char version[NVML_SYSTEM_DRIVER_VERSION_BUFFER_SIZE] = "";
  if (nvml->driver_version(version, sizeof version) == NVML_SUCCESS) probe.driver_version = version;

  unsigned count = 0;
  if (const nvmlReturn_t code = nvml->count(&count); code != NVML_SUCCESS) {
    probe.notes.push_back("the NVIDIA driver does not count its cards: " + nvml->message(code));
    return probe;
  }
  if (count == 0) probe.notes.push_back("NVIDIA driver without a card");
  for (unsigned i = 0; i < count; ++i) {
    nvmlDevice_t device{};
    if (const nvmlReturn_t code = nvml->by_index(i, &device); code != NVML_SUCCESS) {
      probe.notes.push_back("GPU " + std::to_string(i) + " does not answer and is left out: " + nvml->message(code));
      continue;
    }
    probe.gpus.push_back(read_card(*nvml, device, i, probe.notes));
  }
  return probe;
}

}  // namespace tlaunch
