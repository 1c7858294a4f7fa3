// Whatever /proc and /sys contain, the probe returns sensible values, without an exception or endless work. Run this
// with the sanitizers too (preset asan).
#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <memory>
#include <random>

#include "fake_files.h"
#include "hardware/cgroup.h"
#include "hardware/cpu.h"
#include "hardware/disk.h"
#include "hardware/gpu/process_names.h"
#include "hardware/memory.h"
#include "hardware/numa.h"
#include "hardware/slurm.h"
#include "hardware/wsl.h"

namespace tlaunch {
namespace {

const std::multimap<std::string, std::string> sound = {
    // chosen by the end of the path
    {"/cgroup", "0::/user.slice/job_7/step\n"},
    {"/cgroup", "5:cpuacct,cpu:/a\n4:memory:/b/c\n0::/\n"},
    {"/mountinfo", v2_mounts},
    {"/mountinfo", hybrid_mounts},
    {"/mountinfo", "27 1 254:0 / / rw - ext4 /dev/vda rw\n42 27 0:52 / /mnt\\040c rw - 9p C: rw,aname=drvfs\n"},
    {"/cpu.max", "150000 100000\n"},
    {"/cpu.max", "max 100000\n"},
    {"_us", "150000\n"},
    {"/memory.max", "8589934592\n"},
    {"in_bytes", "8589934592\n"},
    {"/meminfo", "MemTotal:       16777216 kB\nMemAvailable:   12582912 kB\n"},
    {"/memory.stat", "inactive_file 4096\ntotal_inactive_file 4096\n"},
    {"/online", "0-1\n"},
    {"/cpulist", "0-3,8-11\n"},
    {"/cpuinfo", "processor\t: 0\nmodel name\t: EPYC\nphysical id\t: 0\ncore id\t\t: 1\nflags\t\t: avx2 amx_tile\n"},
    {"/cpuinfo", "CPU implementer\t: 0x41\nCPU part\t: 0xd40\nFeatures\t: asimd bf16\n"},
    {"/version", "Linux version 5.15.90.1-microsoft-standard-WSL2\n"},
    {"SLURM_JOB_ID", "17"},
    {"SLURM_JOB_END_TIME", "4600"},
};
// clang-format off
const std::vector<std::string> scraps = {
    "", "\n", ":", "::", "0::", "0::a", "/", "//", "/..", "-", "- -", "\\", "\\04", "-1", "nan", "inf", "1e999", "0x",
    "18446744073709551615", "99999999999999999999999", "2147483647", "0-2147483647", std::string(3, '\0'), "\xff\xfe",
    std::string(5000, '9'), std::string(5000, ':'), std::string(5000, '/'), "- cgroup2", "- cgroup cgroup rw,memory",
};
// clang-format on

class Garbage {
 public:
  explicit Garbage(unsigned seed) : random_(seed) {}

  std::optional<std::string> operator()(const std::string& path) {
    if (pick(10) == 0) return std::nullopt;
    std::vector<std::string> fitting;
    for (const auto& [end, text] : sound) {
      if (path.ends_with(end)) fitting.push_back(text);
    }
    std::string text = fitting.empty() || pick(4) == 0 ? any_scrap() : fitting[pick(fitting.size())];
    for (std::size_t edits = pick(5); edits > 0; --edits) {
      const std::size_t at = pick(text.size() + 1);
      switch (pick(4)) {
        case 0: text.insert(at, any_scrap()); break;
        case 1: text.erase(at, 1 + pick(5)); break;
        case 2: text.insert(at, std::next(sound.begin(), static_cast<int>(pick(sound.size())))->second); break;
        default: text.insert(at, 1, static_cast<char>(pick(256)));
      }
    }
    return text;
  }

 private:
  const std::string& any_scrap() { return scraps[pick(scraps.size())]; }
  std::size_t pick(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  std::mt19937 random_;
};

TEST(Garbage, NoReaderMindsIt) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE(seed);
    auto garbage = std::make_shared<Garbage>(seed);
    // Each path reads the same twice, as files do.
    auto files = std::make_shared<std::map<std::string, std::optional<std::string>>>();
    const FileReader read = [=](const std::string& path) {
      const auto found = files->find(path);
      return found != files->end() ? found->second : (*files)[path] = (*garbage)(path);
    };

    const CpuInfo cpu = probe_cpu(read, {0, 1, 2, 5});
    EXPECT_GE(cpu.allowed_cores, 1);
    EXPECT_LE(cpu.allowed_cores, 4);
    EXPECT_FALSE(cpu.model.empty());
    EXPECT_TRUE(!cpu.physical_cores || (*cpu.physical_cores >= 1 && *cpu.physical_cores <= 4));
    for (const NumaNode& node : cpu.numa_nodes) {
      EXPECT_FALSE(node.cores.empty());
      for (const int core : node.cores) EXPECT_TRUE(core >= 0 && core <= 5);
    }
    const MemoryInfo memory = memory_info(read, {});
    EXPECT_LE(memory.available_bytes, memory.limit_bytes);
    for (const char* controller : {"", "memory", "cpu"}) cgroup_folders(read, controller);
    file_system_type(read, "/home/ann/runs");
    const std::string version = read("/proc/version").value_or("");
    is_wsl2(version);
    EXPECT_FALSE(wsl_advice(read, false, memory.limit_bytes, version).empty());
    std::vector<GpuInfo> gpus(1);
    gpus[0].processes = {{1, "", 5}};
    name_processes(read, gpus);
    EXPECT_LE(gpus[0].processes[0].name.size(), 64u);
    const auto slurm = slurm_info(read, 1000);  // an environment is read as files are
    if (slurm) {
      EXPECT_FALSE(slurm->job_id.empty());
      EXPECT_TRUE(!slurm->time_left_s || (std::isfinite(*slurm->time_left_s) && *slurm->time_left_s >= 0));
    }
  }
}

}  // namespace
}  // namespace tlaunch
