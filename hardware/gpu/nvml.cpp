#include "base/text.h"
#include "hardware/gpu/gpu_probe.h"
#include "hardware/gpu/nvml_details.h"
#include "hardware/gpu/nvml_library.h"

namespace tlaunch {
namespace {

// One card. A figure that the driver does not report stays 0 and becomes a note.
GpuInfo read_card(const NvmlLibrary& nvml, nvmlDevice_t device, unsigned index, std::vector<std::string>& notes) {
  GpuInfo gpu;
  const auto failed = [&](nvmlReturn_t code, const char* what) {
    if (code != NVML_SUCCESS) {
      notes.push_back(format_text("GPU {}: {} unknown: {}", index, what, nvml.message(code)));
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
  } else if (!gpu.mig) {  // a container with a slice may not read the whole card's memory
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
    probe.notes.push_back(format_text("the NVIDIA driver does not report its cards: {}", nvml->message(code)));
    return probe;
  }
  if (count == 0) probe.notes.push_back("the NVIDIA driver reports no GPU");
  for (unsigned i = 0; i < count; ++i) {
    nvmlDevice_t device{};
    if (const nvmlReturn_t code = nvml->by_index(i, &device); code != NVML_SUCCESS) {
      probe.notes.push_back(format_text("GPU {} does not respond and is left out: {}", i, nvml->message(code)));
      continue;
    }
    probe.gpus.push_back(read_card(*nvml, device, i, probe.notes));
  }
  return probe;
}

}  // namespace tlaunch
