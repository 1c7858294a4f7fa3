// What this machine has, as far as a run may use it. Made by probe(); plain values everywhere else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace tlaunch {

struct PcieLink {
  int generation = 0, width = 0;  // the best that card and slot can do together: an idle card runs slower
};

struct GpuProcess {
  unsigned pid = 0;  // as the driver counts, that is outside of any container
  std::string name;  // "" where it cannot be read
  std::optional<std::uint64_t> used_bytes;
};

struct MigInstance {
  std::string name, uuid;                                       // "NVIDIA A100-SXM4-40GB MIG 1g.5gb", "MIG-..."
  std::uint64_t memory_total_bytes = 0, memory_free_bytes = 0;  // 0: not told
  std::string place = {};  // its older name, "MIG-GPU-.../GPU instance/compute instance"; "": not told
  std::vector<GpuProcess> processes = {};
};

// A card, or where CUDA shows only a slice of one, that slice: its name, UUID and memory.
struct GpuInfo {
  std::string name, uuid, tier;  // tier: high_end | mid_range | budget | low_end (configs/gpus.yaml)
  std::uint64_t memory_total_bytes = 0, memory_free_bytes = 0;
  int capability_major = 0, capability_minor = 0;
  // What an old driver or a virtual card does not tell is empty.
  std::optional<PcieLink> pcie = {};
  std::optional<int> nvlink_links = {};  // that are up; 0 on a card without
  bool mig = false;                      // cut into slices, of which this is one where CUDA shows one
  std::vector<MigInstance> mig_instances = {};
  std::vector<GpuProcess> processes = {};  // that compute or draw on it, by pid
  std::string pci_bus_id = {};             // as NVML writes it, "00000000:3B:00.0"
  std::optional<int> numa_node = {};       // whose cores are near; nothing where the kernel does not tell
};

struct NumaNode {
  int id = 0;
  std::vector<int> cores;  // logical ones that this process may run on, ascending; never empty
};

struct CpuInfo {
  std::string model;
  int allowed_cores = 1;  // affinity and cgroup quota taken together, at least 1
  // Of: avx2 avx512f avx512_bf16 avx512_fp16 amx_bf16 amx_tile (x86); asimd bf16 sve (Arm).
  std::vector<std::string> features;
  std::vector<NumaNode> numa_nodes = {};   // empty where the kernel tells of none
  std::optional<int> physical_cores = {};  // under the affinity's logical ones; Arm does not tell
};

struct SlurmInfo {
  std::string job_id, node_list;  // "node[01-04]"
  std::optional<int> nodes = {}, tasks = {}, cpus_per_task = {};
  std::optional<double> time_left_s = {};
};

struct HardwareProfile {
  std::vector<GpuInfo> gpus;   // those CUDA_VISIBLE_DEVICES leaves visible, in its order
  std::string driver_version;  // "" where there is no NVIDIA driver
  CpuInfo cpu;
  std::uint64_t memory_limit_bytes = 0;  // least of cgroup v1/v2 limit, RLIMIT_AS/RLIMIT_DATA, MemTotal
  std::uint64_t memory_available_bytes = 0;
  std::string disk_path;              // absolute; the folder asked about, or its nearest existing parent
  std::uint64_t disk_free_bytes = 0;  // for this user (statvfs f_bavail)
  std::string disk_type = {};         // of the file system: ext4, nfs4, tmpfs, drvfs, ...; "": unknown
  std::optional<double> disk_write_bytes_per_s = {};  // only after measure_disk()
  bool wsl2 = false;
  std::optional<SlurmInfo> slurm = {};  // inside a Slurm job only
  std::vector<std::string> notes;       // a line each: "NVIDIA driver without a card", WSL2 advice, ...
};

// Never throws for what is absent: a bare container, a driver without a card, no /sys: a note each.
HardwareProfile probe(const std::string& run_folder);

// Measures how fast disk_path takes data (disk_speed.h): up to about 0.5 s. A note where it cannot.
void measure_disk(HardwareProfile&);

// The `probe --json` object. What is unknown is left out.
Json to_json(const HardwareProfile&);

// Tier by name, or where unknown by memory and capability. Pure.
std::string gpu_tier(const std::string& name, std::uint64_t memory_total_bytes, int capability_major);
// Share of memory kept free, by tier: 0.20 high_end, 0.20 mid_range, 0.15 budget, 0.10 low_end.
double tier_margin(const std::string& tier);

}  // namespace tlaunch
