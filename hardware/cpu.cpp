#include "hardware/cpu.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numeric>
#include <set>
#include <thread>
#include <utility>

#include "base/text.h"
#include "hardware/cgroup.h"
#include "hardware/numa.h"

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

}  // namespace

std::string model_from_cpuinfo(const std::string& cpuinfo) {
  if (const auto name = field(cpuinfo, "model name"); name && !name->empty()) return *name;
  const auto implementer = field(cpuinfo, "CPU implementer"), part = field(cpuinfo, "CPU part");
  if (!implementer || !part) return "unknown";
  static const std::map<std::string, std::string> arm_parts = {
      {"0xd08", "Arm Cortex-A72"},   {"0xd0c", "Arm Neoverse N1"}, {"0xd40", "Arm Neoverse V1"},
      {"0xd42", "Arm Cortex-A78AE"}, {"0xd49", "Arm Neoverse N2"}, {"0xd4f", "Arm Neoverse V2"},
  };
  if (const auto known = arm_parts.find(*part); *implementer == "0x41" && known != arm_parts.end())
    return known->second;
  return format_text("Arm CPU (implementer {}, part {})", *implementer, *part);
}

std::vector<std::string> features_from_cpuinfo(const std::string& cpuinfo) {
  static const char* const known[] = {"avx2",     "avx512f", "avx512_bf16", "avx512_fp16", "amx_bf16",
                                      "amx_tile", "asimd",   "bf16",        "sve"};
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

std::optional<CpuQuota> cpu_quota(const FileReader& read) {
  std::optional<CpuQuota> least;
  const auto keep_least = [&](double cores, const std::string& folder) {
    if (!least || cores < least->cores) least = CpuQuota{cores, folder};
  };
  for (const std::string& folder : cgroup_folders(read, "")) {
    const auto text = read(folder + "/cpu.max");  // "QUOTA PERIOD" in microseconds; QUOTA may be "max"
    if (!text) continue;
    const std::vector<std::string> words = split_words(*text);
    if (words.size() != 2 || words[0] == "max") continue;
    const double quota = std::atof(words[0].c_str()), period = std::atof(words[1].c_str());
    if (quota > 0 && period > 0) keep_least(quota / period, folder);
  }
  for (const std::string& folder : cgroup_folders(read, "cpu")) {
    const auto quota_text = read(folder + "/cpu.cfs_quota_us"), period_text = read(folder + "/cpu.cfs_period_us");
    if (!quota_text || !period_text) continue;
    const double quota = std::atof(quota_text->c_str()), period = std::atof(period_text->c_str());
    if (quota > 0 && period > 0) keep_least(quota / period, folder);  // a quota of -1 means no limit
  }
  return least;
}

std::optional<double> cpu_quota_cores(const FileReader& read) {
  const auto quota = cpu_quota(read);
  return quota ? std::optional(quota->cores) : std::nullopt;
}

int allowed_cores(int affinity_cores, std::optional<double> quota_cores) {
  if (quota_cores && *quota_cores < affinity_cores) affinity_cores = static_cast<int>(std::ceil(*quota_cores));
  return std::max(1, affinity_cores);
}

std::optional<int> physical_cores(const std::string& cpuinfo, const std::vector<int>& cores) {
  std::set<std::pair<std::string, std::string>> found;  // socket and its core
  int processor = -1;
  std::string socket;
  for (const std::string& line : split_lines(cpuinfo)) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string value = line.substr(colon + 1);
    if (line.starts_with("processor")) processor = std::atoi(value.c_str());
    if (line.starts_with("physical id")) socket = value;
    if (line.starts_with("core id") && std::binary_search(cores.begin(), cores.end(), processor))
      found.insert({socket, value});
  }
  return found.empty() ? std::nullopt : std::optional(static_cast<int>(found.size()));
}

std::vector<int> affinity_cores() {
  std::vector<int> cores;
  // The kernel rejects a mask smaller than its own, so the mask grows until the kernel accepts it.
  for (int cpus = 1024; cpus <= 1 << 20 && cores.empty(); cpus *= 4) {
    cpu_set_t* mask = CPU_ALLOC(cpus);
    if (!mask) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(cpus);
    if (sched_getaffinity(0, bytes, mask) == 0) {
      for (int cpu = 0; cpu < cpus; ++cpu) {
        if (CPU_ISSET_S(static_cast<std::size_t>(cpu), bytes, mask)) cores.push_back(cpu);
      }
    }
    CPU_FREE(mask);
  }
  if (cores.empty()) {
    cores.resize(std::max(1u, std::thread::hardware_concurrency()));
    std::iota(cores.begin(), cores.end(), 0);
  }
  return cores;
}

CpuInfo probe_cpu(const FileReader& read, const std::vector<int>& affinity) {
  const std::string cpuinfo = read("/proc/cpuinfo").value_or("");
  CpuInfo cpu;
  cpu.model = model_from_cpuinfo(cpuinfo);
  cpu.features = features_from_cpuinfo(cpuinfo);
  cpu.allowed_cores = allowed_cores(static_cast<int>(affinity.size()), cpu_quota_cores(read));
  cpu.numa_nodes = numa_nodes(read, affinity);
  cpu.physical_cores = physical_cores(cpuinfo, affinity);
  return cpu;
}

}  // namespace tlaunch
