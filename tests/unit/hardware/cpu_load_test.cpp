#include "hardware/cpu_load.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "fake_files.h"

namespace tlaunch {
namespace {

// A line of /proc/stat for one core; the times are in seconds.
std::string core(int number, double user, double nice, double idle, double iowait, double steal) {
  const auto ticks = [](double s) {
    return std::to_string(static_cast<long>(s * static_cast<double>(sysconf(_SC_CLK_TCK))));
  };
  return "cpu" + std::to_string(number) + " " + ticks(user) + " " + ticks(nice) + " 0 " + ticks(idle) + " " +
         ticks(iowait) + " 0 0 " + ticks(steal) + " 0 0\n";
}

TEST(CpuLoad, IsOfTheAllowedCoresAndOfOthersAlone) {
  const auto at = [](const std::string& stat, double own_s) {
    return cpu_reading(fake_files({{"/proc/stat", "cpu 1 2 3 4 5 6 7 8\n" + stat + "intr 5 5\n"}}), {0, 10}, 0, own_s);
  };
  const auto before = at(core(0, 10, 0, 5, 0, 0) + core(1, 0, 0, 0, 0, 0) + core(10, 10, 0, 5, 0, 0), 3);
  // In 10 s, core 0 is busy all the time, 2 s of it at low priority. Core 10 is busy for 6 s; another 3 s went to
  // another machine and do not count. Core 1 is not allowed.
  const auto after = at(core(0, 18, 2, 5, 0, 0) + core(1, 10, 0, 0, 0, 0) + core(10, 16, 0, 5.5, 0.5, 3), 3 + 8);
  const auto load = load_between(before, after);
  ASSERT_TRUE(load);
  EXPECT_NEAR(load->others, (16.0 - 8) / 17, 1e-9);
  EXPECT_NEAR(load->idle, 1.0 / 17, 1e-9);
}

TEST(CpuLoad, UnderAQuotaItIsTheGroupsThatSetsIt) {
  const auto at = [](double used_s, double now_s, double own_s) {
    return cpu_reading(fake_files({{"/proc/self/mountinfo", v2_mounts},
                                   {"/proc/self/cgroup", "0::/job\n"},
                                   {"/sys/fs/cgroup/job/cpu.max", "200000 100000"},
                                   {"/sys/fs/cgroup/job/cpu.stat",
                                    "nr 1\nusage_usec " + std::to_string(static_cast<long>(used_s * 1e6)) + "\n"},
                                   {"/proc/stat", core(0, 1, 0, 1, 0, 0)}}),
                       {0, 1, 2, 3}, now_s, own_s);
  };
  const auto load = load_between(at(5, 100, 1), at(5 + 18, 110, 1 + 8));
  ASSERT_TRUE(load);
  EXPECT_NEAR(load->others, 0.5, 1e-9);  // 10 of 20 s
  EXPECT_NEAR(load->idle, 0.1, 1e-9);
}

TEST(CpuLoad, WhatIsNotToldIsNotKnown) {
  EXPECT_FALSE(cpu_reading(fake_files({}), {0}, 0, 0));
  EXPECT_FALSE(cpu_reading(fake_files({{"/proc/stat", "cpu0 x\n"}}), {0}, 0, 0));
  EXPECT_FALSE(load_between({}, CpuReading{10, 5, 1}));
  EXPECT_FALSE(load_between(CpuReading{10, 5, 1}, CpuReading{10.01, 5, 1}));
}

TEST(CpuLoad, HereOurOwnWorkIsNotThatOfOthers) {
  const auto before = cpu_reading_now();
  if (!before) GTEST_SKIP() << "no /proc/stat, or no figure of the group's use";
  const double own_s = before->own_s;
  double sum = 0;
  std::optional<CpuReading> after;
  do {
    for (int i = 0; i < 1'000'000; ++i) sum += static_cast<double>(i);
    after = cpu_reading_now();
  } while (after && after->own_s - own_s < 0.5);
  ASSERT_TRUE(after);
  EXPECT_GT(sum, 0);
  EXPECT_GE(after->busy_s - before->busy_s, 0.4) << "this process alone used 0.5 s";
}

}  // namespace
}  // namespace tlaunch
