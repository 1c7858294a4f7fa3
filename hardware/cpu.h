// Processor: model, features, and the number of cores that this process may use. Pure except affinity_cores().
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hardware/file_reader.h"
#include "hardware/profile.h"

namespace tlaunch {

// From /proc/cpuinfo; "unknown" if it has no name. Arm gives numbers instead of a name: common ones become names.
std::string model_from_cpuinfo(const std::string& cpuinfo);

// The features of CpuInfo::features that /proc/cpuinfo lists, under its names.
std::vector<std::string> features_from_cpuinfo(const std::string& cpuinfo);

// The smallest CPU quota, in cores (1.5 for 150000/100000), that this process's group or a group around it sets
// (cgroup v1 or v2), and the folder of the group that sets it. Nothing if there is no quota.
struct CpuQuota {
  double cores = 0;
  std::string folder;
};
std::optional<CpuQuota> cpu_quota(const FileReader& read);
std::optional<double> cpu_quota_cores(const FileReader& read);

// The smaller of affinity and quota. A quota of 1.5 cores keeps two threads busy most of the time, so it rounds up.
int allowed_cores(int affinity_cores, std::optional<double> quota_cores);

// The number of physical cores under the logical `cores`. Nothing if /proc/cpuinfo does not report it (Arm).
std::optional<int> physical_cores(const std::string& cpuinfo, const std::vector<int>& cores);

// Logical cores this process may run on, ascending, at least one.
std::vector<int> affinity_cores();

CpuInfo probe_cpu(const FileReader& read, const std::vector<int>& affinity = affinity_cores());

}  // namespace tlaunch
