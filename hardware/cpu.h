// Processor: model, features, and how many cores this process may really use. Pure but for
// affinity_cores().
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hardware/file_reader.h"
#include "hardware/profile.h"

namespace tlaunch {

// From /proc/cpuinfo; "unknown" where it names none. Arm gives numbers instead of a name: the common ones are spelt
// out.
std::string model_from_cpuinfo(const std::string& cpuinfo);

// Those features of CpuInfo::features that /proc/cpuinfo lists, in its own words.
std::vector<std::string> features_from_cpuinfo(const std::string& cpuinfo);

// The least CPU quota in cores (1.5 for 150000/100000) that cgroup v1 or v2 sets on the way up, and the folder of the
// group that sets it; nothing where none is.
struct CpuQuota {
  double cores = 0;
  std::string folder;
};
std::optional<CpuQuota> cpu_quota(const FileReader& read);
std::optional<double> cpu_quota_cores(const FileReader& read);

// Affinity and quota taken together: a quota of 1.5 cores keeps two threads busy most of the time, so it rounds up.
int allowed_cores(int affinity_cores, std::optional<double> quota_cores);

// Cores among `cores` (logical ones) that do not share their arithmetic units with another: nothing where
// /proc/cpuinfo does not tell (Arm).
std::optional<int> physical_cores(const std::string& cpuinfo, const std::vector<int>& cores);

// Logical cores this process may run on, ascending, at least one.
std::vector<int> affinity_cores();

CpuInfo probe_cpu(const FileReader& read, const std::vector<int>& affinity = affinity_cores());

}  // namespace tlaunch
