#include "hardware/cpu.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <thread>

#include "hardware/cgroup.h"

namespace tlaunch {
namespace {

// The value of the first line "key : value".
std::optional<std::string> field(const std::string& cpuinfo, const std::string& key) {
  for (const std::string& line : split_lines(cpuinfo)) {
    const auto colon = line.find(':');
    if (colon == std::string::npos || !line.starts_with(key)) continue;
    if (line.substr(key.size(), colon - key.size()).find_first_not_of(" \t") != std::string::npos) continue;
    const auto start = line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? std::string() : line.substr(start, line.find_last_not_of(" \t\r") - start + 1);
  }
  return std::nullopt;
}

void keep_least(std::optional<double>& least, double value) { least = least ? std::min(*least, value) : value; }

int affinity_cores() {
  // The kernel refuses a mask smaller than its own, so the mask grows until it is taken.
  for (int cpus = 1024; cpus <= 1 << 20; cpus *= 4) {
    cpu_set_t* mask = CPU_ALLOC(cpus);
    if (!mask) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(cpus);
    const int count = sched_getaffinity(0, bytes, mask) == 0 ? CPU_COUNT_S(bytes, mask) : 0;
    CPU_FREE(mask);
    if (count > 0) return count;
  }
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

std::string model_from_cpuinfo(const std::string& cpuinfo) {
  if (const auto name = field(cpuinfo, "model name"); name && !name->empty()) return *name;
  const auto implementer = field(cpuinfo, "CPU implementer"), part = field(cpuinfo, "CPU part");
  if (!implementer || !part) return "unknown";
  static const std::map<std::string, std::string> arm_parts = {
      {"0xd08", "Arm Cortex-A72"},  {"0xd0c", "Arm Neoverse N1"}, {"0xd40", "Arm Neoverse V1"},
      {"0xd42", "Arm Cortex-A78AE"}, {"0xd49", "Arm Neoverse N2"}, {"0xd4f", "Arm Neoverse V2"},
  };
  if (const auto known = arm_parts.find(*part); *implementer == "0x41" && known != arm_parts.end())
    return known->second;
  return "Arm CPU (implementer " + *implementer + ", part " + *part + ")";
}

std::vector<std::string> features_from_cpuinfo(const std::string& cpuinfo) {
  static const char* const known[] = {"avx2", "avx512f", "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_tile",
                                      "asimd", "bf16", "sve"};
  auto listed = field(cpuinfo, "flags");
  if (!listed) listed = field(cpuinfo, "Features");  // Arm
  if (!listed) return {};
  const std::vector<std::string> words = split_words(*listed);
  std::vector<std::string> features;
  for (const char* feature : known) {
    if (std::find(words.begin(), words.end(), feature) != words.end()) features.push_back(feature);
  }
  return features;
}

std::optional<double> cpu_quota_cores(const FileReader& read) {
  std::optional<double> least;
  for (const std::string& folder : cgroup_folders(read, "")) {
    const auto text = read(folder + "/cpu.max");  // "QUOTA PERIOD" in microseconds; QUOTA may be "max"
    if (!text) continue;
    const std::vector<std::string> words = split_words(*text);
    if (words.size() != 2 || words[0] == "max") continue;
    const double quota = std::atof(words[0].c_str()), period = std::atof(words[1].c_str());
    if (quota > 0 && period > 0) keep_least(least, quota / period);
  }
  for (const std::string& folder : cgroup_folders(read, "cpu")) {
    const auto quota_text = read(folder + "/cpu.cfs_quota_us"), period_text = read(folder + "/cpu.cfs_period_us");
    if (!quota_text || !period_text) continue;
    const double quota = std::atof(quota_text->c_str()), period = std::atof(period_text->c_str());
    if (quota > 0 && period > 0) keep_least(least, quota / period);  // -1: none
  }
  return least;
}

int allowed_cores(int affinity_cores, std::optional<double> quota_cores) {
  if (quota_cores && *quota_cores < affinity_cores) affinity_cores = static_cast<int>(std::ceil(*quota_cores));
  return std::max(1, affinity_cores);
}

CpuInfo probe_cpu(const FileReader& read) {
  const std::string cpuinfo = read("/proc/cpuinfo").value_or("");
  CpuInfo cpu;
  cpu.model = model_from_cpuinfo(cpuinfo);
  cpu.features = features_from_cpuinfo(cpuinfo);
  cpu.allowed_cores = allowed_cores(affinity_cores(), cpu_quota_cores(read));
  return cpu;
}

}  // namespace tlaunch
