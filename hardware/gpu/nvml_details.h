// Details of a card that NVML reports beyond the figures each run needs. All are optional: if a driver, card or
// container does not report one, it is absent; there are no errors.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hardware/gpu/nvml_library.h"
#include "hardware/profile.h"

namespace tlaunch {

std::string pci_bus_id(const NvmlLibrary& nvml, nvmlDevice_t device);  // "": unknown
std::optional<PcieLink> pcie_link(const NvmlLibrary& nvml, nvmlDevice_t device);
std::optional<int> nvlink_links(const NvmlLibrary& nvml, nvmlDevice_t device);
bool mig_is_on(const NvmlLibrary& nvml, nvmlDevice_t device);
// `uuid`: the card's.
std::vector<MigInstance> mig_instances(const NvmlLibrary& nvml, nvmlDevice_t device, const std::string& uuid);
std::vector<GpuProcess> gpu_processes(const NvmlLibrary& nvml, nvmlDevice_t device);  // without names

}  // namespace tlaunch
