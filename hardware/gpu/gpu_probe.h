// The NVIDIA cards of this machine, through the driver's own library (NVML), and which of them CUDA will show. NVML is
// loaded at run time, so the programs start without a driver too; a failure becomes a note, never an error.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hardware/file_reader.h"
#include "hardware/profile.h"
#include "hardware/slurm.h"

namespace tlaunch {

struct GpuProbe {
  bool driver_found = false;  // the library was loaded and has started
  std::vector<GpuInfo> gpus;  // every card, in NVML's order (by PCI bus)
  std::string driver_version;
  std::vector<std::string> notes;
};

// Paths of the driver's library, in the order they are tried: the loader's own paths, then WSL's.
inline constexpr const char* nvml_library_paths[] = {"libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1"};

GpuProbe probe_gpus(const std::vector<std::string>& library_paths);

// The cards that CUDA_VISIBLE_DEVICES leaves visible, in its order, by CUDA's rules as PyTorch reads them. Its entries
// are indices, beginnings of UUIDs or full names of MIG slices. The first entry that matches no card hides itself and
// all after it; a repeated entry hides all cards. Unset: all cards. A card in MIG mode counts as its first slice; if a
// slice is visible, CUDA shows that slice alone. Notes say what was hidden. Pure. `device_order` is CUDA_DEVICE_ORDER:
// without PCI_BUS_ID, CUDA may number unequal cards in another order than NVML.
std::vector<GpuInfo> visible_gpus(const std::vector<GpuInfo>& all, const std::optional<std::string>& visible_devices,
                                  const std::optional<std::string>& device_order, std::vector<std::string>& notes);

// The cards as a program that this process starts will see them, in its order, with their NUMA nodes and the names of
// the processes on them.
GpuProbe probe_visible_gpus(const FileReader& read, const EnvironmentReader& environment);

}  // namespace tlaunch
