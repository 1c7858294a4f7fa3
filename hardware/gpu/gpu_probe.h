// The NVIDIA cards of this machine, through the driver's own library (NVML), and which of them CUDA will show.
// NVML is loaded at run time, so the programs start where there is no driver; what fails is a note, never an error.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hardware/file_reader.h"
#include "hardware/profile.h"
#include "hardware/slurm.h"

namespace tlaunch {

struct GpuProbe {
  bool driver_found = false;  // the library is there and answers
  std::vector<GpuInfo> gpus;  // every card, in NVML's order (by PCI bus)
  std::string driver_version;
  std::vector<std::string> notes;
};

// Where the driver's library is looked for: the loader's own paths, then WSL's.
inline constexpr const char* nvml_library_paths[] = {"libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1"};

GpuProbe probe_gpus(const std::vector<std::string>& library_paths);

// What CUDA_VISIBLE_DEVICES leaves, in its order, by CUDA's rules as PyTorch reads them: indices, UUID beginnings or
// whole names of MIG slices, cut off at the first that names no card; a repeated one leaves none. Unset: all. A card
// that is cut into slices is its first slice; where a slice is among them, CUDA shows that one alone. Notes say what
// was cut. Pure. `device_order` is CUDA_DEVICE_ORDER: without PCI_BUS_ID, CUDA may number unequal cards otherwise than
// NVML does.
std::vector<GpuInfo> visible_gpus(const std::vector<GpuInfo>& all, const std::optional<std::string>& visible_devices,
                                  const std::optional<std::string>& device_order, std::vector<std::string>& notes);

// The cards as a program that is started from here sees them, in its order, with their NUMA nodes and the
// names of the processes on them.
GpuProbe probe_visible_gpus(const FileReader& read, const EnvironmentReader& environment);

}  // namespace tlaunch
