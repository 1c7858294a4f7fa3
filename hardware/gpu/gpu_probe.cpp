#include "hardware/gpu/gpu_probe.h"

#include <iterator>

#include "hardware/gpu/process_names.h"
#include "hardware/numa.h"

namespace tlaunch {

GpuProbe probe_visible_gpus(const FileReader& read, const EnvironmentReader& environment) {
  GpuProbe found = probe_gpus({std::begin(nvml_library_paths), std::end(nvml_library_paths)});
  found.gpus =
      visible_gpus(found.gpus, environment("CUDA_VISIBLE_DEVICES"), environment("CUDA_DEVICE_ORDER"), found.notes);
  for (GpuInfo& gpu : found.gpus) gpu.numa_node = pci_numa_node(read, gpu.pci_bus_id);
  if (sees_all_processes()) name_processes(read, found.gpus);
  return found;
}

}  // namespace tlaunch
