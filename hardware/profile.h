// This machine's hardware, as far as a run may use it. probe() fills it in; elsewhere these are plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace tlaunch {

struct PcieLink {
  int generation = 0, width = 0;  // the best that card and slot support; an idle card runs slower
};

struct GpuProcess {
  unsigned pid = 0;  // as the driver reports it: as seen from outside any container
  std::string name;  // "" if it cannot be read
  std::optional<std::uint64_t> used_bytes;
};

struct MigInstance {
  std::string name, uuid;                                       // "NVIDIA A100-SXM4-40GB MIG 1g.5gb", "MIG-..."
  std::uint64_t memory_total_bytes = 0, memory_free_bytes = 0;  // 0: unknown
  std::string place = {};  // its older name, "MIG-GPU-.../GPU instance/compute instance"; "": unknown
  std::vector<GpuProcess> processes = {};
};

// A card. If CUDA shows only a slice of it, name, UUID and memory are the slice's.
struct GpuInfo {
  std::string name, uuid, tier;  // tier: high_end | mid_range | budget | low_end (configs/gpus.yaml)
  std::uint64_t memory_total_bytes = 0, memory_free_bytes = 0;
  int capability_major = 0, capability_minor = 0;
  // Figures that an old driver or a virtual card does not report are empty.
  std::optional<PcieLink> pcie = {};
  std::optional<int> nvlink_links = {};  // active ones; 0 on a card without NVLink
  bool mig = false;                      // the card is in MIG mode; if CUDA shows one of its slices, this is that slice
  std::vector<MigInstance> mig_instances = {};
  std::vector<GpuProcess> processes = {};  // that compute or draw on it, by pid
  std::string pci_bus_id = {};             // as NVML writes it, "00000000:3B:00.0"
  std::optional<int> numa_node = {};       // the node the card is near; nothing if the kernel does not report it
};

struct NumaNode {
  int id = 0;
  std::vector<int> cores;  // logical ones that this process may run on, ascending; never empty
};

struct CpuInfo {
  std::string model;
  int allowed_cores = 1;  // the smaller of affinity and cgroup quota, at least 1
  // A subset of: avx2 avx512f avx512_bf16 avx512_fp16 amx_bf16 amx_tile (x86); asimd bf16 sve (Arm).
  std::vector<std::string> features;
  std::vector<NumaNode> numa_nodes = {};   // empty if the kernel reports none
  std::optional<int> physical_cores = {};  // under the affinity's logical cores; Arm does not report it
};

struct SlurmInfo {
  std::string job_id, node_list;  // "node[01-04]"
  std::optional<int> nodes = {}, tasks = {}, cpus_per_task = {};
  std::optional<double> time_left_s = {};
};

struct HardwareProfile {
  std::vector<GpuInfo> gpus;   // those CUDA_VISIBLE_DEVICES leaves visible, in its order
  std::string driver_version;  // "" without an NVIDIA driver
  CpuInfo cpu;
  std::uint64_t memory_limit_bytes = 0;  // smallest of cgroup v1/v2 limit, RLIMIT_AS/RLIMIT_DATA, MemTotal
  std::uint64_t memory_available_bytes = 0;
  std::string disk_path;                              // absolute; the given folder, or its nearest existing parent
  std::uint64_t disk_free_bytes = 0;                  // for this user (statvfs f_bavail)
  std::string disk_type = {};                         // of the file system: ext4, nfs4, tmpfs, drvfs, ...; "": unknown
  std::optional<double> disk_write_bytes_per_s = {};  // only after measure_disk()
  bool wsl2 = false;
  std::optional<SlurmInfo> slurm = {};  // inside a Slurm job only
  std::vector<std::string> notes;       // one line each: "the NVIDIA driver reports no GPU", WSL2 advice, ...
};

// Missing hardware never throws: a bare container, a driver without a card or a missing /sys each become a note.
HardwareProfile probe(const std::string& run_folder);

// Measures how fast disk_path takes data (disk_speed.h), in up to about 0.5 s. Adds a note if it cannot.
void measure_disk(HardwareProfile&);

// The `probe --json` object. Unknown fields are left out.
Json to_json(const HardwareProfile&);

// The tier by name, or for an unknown name by memory and capability. Pure.
std::string gpu_tier(const std::string& name, std::uint64_t memory_total_bytes, int capability_major);
// Share of memory kept free, by tier: 0.20 high_end, 0.20 mid_range, 0.15 budget, 0.10 low_end.
double tier_margin(const std::string& tier);

}  // namespace tlaunch
