// What this machine has, as far as a run may use it. Made by probe(); plain values everywhere else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"

namespace tlaunch {

struct GpuInfo {
  std::string name, uuid, tier;         // tier: high_end | mid_range | budget | low_end (sources C)
  std::uint64_t memory_total_bytes = 0, memory_free_bytes = 0;
  int capability_major = 0, capability_minor = 0;
};

struct CpuInfo {
  std::string model;
  int allowed_cores = 1;                // affinity and cgroup quota taken together, at least 1
  // Of: avx2 avx512f avx512_bf16 avx512_fp16 amx_bf16 amx_tile (x86); asimd bf16 sve (Arm).
  std::vector<std::string> features;
};

struct HardwareProfile {
  std::vector<GpuInfo> gpus;            // those CUDA_VISIBLE_DEVICES leaves visible, in its order
  std::string driver_version;           // "" where there is no NVIDIA driver
  CpuInfo cpu;
  std::uint64_t memory_limit_bytes = 0; // least of cgroup v1/v2 limit, RLIMIT_AS/RLIMIT_DATA, MemTotal
  std::uint64_t memory_available_bytes = 0;
  std::string disk_path;                // absolute; the folder asked about, or its nearest existing parent
  std::uint64_t disk_free_bytes = 0;    // for this user (statvfs f_bavail)
  bool wsl2 = false;
  std::vector<std::string> notes;       // a line each: "NVIDIA driver without a card", WSL2 advice, ...
};

// Never throws for what is absent: a bare container, a driver without a card, no /sys: a note each.
HardwareProfile probe(const std::string& run_folder);

// The `probe --json` object of design.md.
Json to_json(const HardwareProfile&);

// Tier by name, or where unknown by memory and capability (sources C). Pure.
std::string gpu_tier(const std::string& name, std::uint64_t memory_total_bytes, int capability_major);
// Share of memory kept free, by tier: 0.20 high_end, 0.20 mid_range, 0.15 budget, 0.10 low_end (sources C).
double tier_margin(const std::string& tier);

}  // namespace tlaunch
