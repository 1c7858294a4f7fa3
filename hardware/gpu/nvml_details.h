// What NVML tells of a card beyond the figures each run needs. All of it is optional: a driver, a card or a container
// that does not answer gives nothing, never an error.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hardware/gpu/nvml_library.h"
#include "hardware/profile.h"

namespace tlaunch {

std::string pci_bus_id(const NvmlLibrary& nvml, nvmlDevice_t device);  // "": not told
std::optional<PcieLink> pcie_link(const NvmlLibrary& nvml, nvmlDevice_t device);
std::optional<int> nvlink_links(const NvmlLibrary& nvml, nvmlDevice_t device);
bool mig_is_on(const NvmlLibrary& nvml, nvmlDevice_t device);
// Of the card with that UUID.
std::vector<MigInstance> mig_instances(const NvmlLibrary& nvml, nvmlDevice_t device, const std::string& uuid);
std::vector<GpuProcess> gpu_processes(const NvmlLibrary& nvml, nvmlDevice_t device);  // without names

}  // namespace tlaunch
