#include "hardware/cpu_load.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

#include "base/clock.h"
#include "hardware/cgroup.h"
#include "hardware/cpu.h"

namespace tlaunch {
namespace {

constexpr double least_s = 0.2;  // /proc/stat counts in hundredths of a second

// user nice system idle iowait irq softirq steal guest guest_nice; the last two are part of the first two.
constexpr std::size_t idle_column = 4, iowait_column = 5, steal_column = 8;

std::optional<CpuReading> of_cores(const FileReader& read, const std::vector<int>& cores, double own_s) {
  const auto text = read("/proc/stat");
  if (!text) return std::nullopt;
  std::set<std::string> names;
  for (const int core : cores) names.insert("cpu" + std::to_string(core));
  const auto ticks_a_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  CpuReading reading{0, 0, own_s};
  bool found = false;
  for (const std::string& line : split_lines(*text)) {
    const auto words = split_words(line);
    if (words.size() < steal_column || !names.contains(words[0])) continue;
    found = true;
    for (std::size_t i = 1; i < steal_column; ++i) {
      const double seconds = std::atof(words[i].c_str()) / ticks_a_second;
      reading.total_s += seconds;
      if (i != idle_column && i != iowait_column) reading.busy_s += seconds;
    }
  }
  return found ? std::optional(reading) : std::nullopt;
}

// Processor time in seconds that the group of `folder` has used.
std::optional<double> used_s(const FileReader& read, const std::string& folder) {
  if (const auto v2 = read(folder + "/cpu.stat"))
    for (const std::string& line : split_lines(*v2))
      if (const auto words = split_words(line); words.size() == 2 && words[0] == "usage_usec")
        return std::atof(words[1].c_str()) / 1e6;
  if (const auto v1 = read(folder + "/cpuacct.usage")) return std::atof(v1->c_str()) / 1e9;
  return std::nullopt;
}

}  // namespace

std::optional<CpuReading> cpu_reading(const FileReader& read, const std::vector<int>& cores, double now_s,
                                      double own_s) {
  const auto quota = cpu_quota(read);
  if (!quota || quota->cores >= static_cast<double>(cores.size())) return of_cores(read, cores, own_s);
  const auto group_s = used_s(read, quota->folder);
  if (!group_s) return std::nullopt;
  return CpuReading{quota->cores * now_s, *group_s, own_s};
}

std::optional<CpuReading> cpu_reading_now() {
  double own_s = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage used{};
    ::getrusage(who, &used);
    for (const timeval& time : {used.ru_utime, used.ru_stime})
      own_s += static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  }
  return cpu_reading(system_files(), affinity_cores(), monotonic_s(), own_s);
}

std::optional<CpuLoad> load_between(const std::optional<CpuReading>& before, const std::optional<CpuReading>& after) {
  if (!before || !after || after->total_s - before->total_s < least_s) return std::nullopt;
  const double total_s = after->total_s - before->total_s;
  const double busy = (after->busy_s - before->busy_s) / total_s, own = (after->own_s - before->own_s) / total_s;
  return CpuLoad{std::clamp(busy - own, 0.0, 1.0), std::clamp(1 - busy, 0.0, 1.0)};
}

}  // namespace tlaunch
