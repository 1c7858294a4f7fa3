#include "hardware/memory.h"

#include <gtest/gtest.h>

#include "fake_files.h"

namespace tlaunch {
namespace {

constexpr std::uint64_t gib = 1024ull * 1024 * 1024;
const std::string meminfo =
    "MemTotal:       16777216 kB\nMemFree: 1 kB\nMemAvailable:   12582912 kB\n";  // 16 and 12 GiB

TEST(Memory, WithoutLimitsItIsTheMachines) {
  const MemoryInfo memory = memory_info(fake_files({{"/proc/meminfo", meminfo}}), {});
  EXPECT_EQ(memory.limit_bytes, 16 * gib);
  EXPECT_EQ(memory.available_bytes, 12 * gib);
}

TEST(Memory, TheLeastV2LimitOnTheWayUpHolds) {
  const auto files = fake_files({{"/proc/meminfo", meminfo},
                                 {"/proc/self/cgroup", "0::/pod/container/step\n"},
                                 {"/proc/self/mountinfo", v2_mounts},
                                 {"/sys/fs/cgroup/pod/container/step/memory.max", "max\n"},
                                 {"/sys/fs/cgroup/pod/container/memory.max", "8589934592\n"},
                                 {"/sys/fs/cgroup/pod/memory.max", "4294967296\n"}});
  EXPECT_EQ(memory_info(files, {}).limit_bytes, 4 * gib);
}

TEST(Memory, WhatAGroupHasUsedIsNotAvailableButItsOldPageCacheIs) {
  std::map<std::string, std::string> files = {{"/proc/meminfo", meminfo},
                                              {"/proc/self/cgroup", "0::/job\n"},
                                              {"/proc/self/mountinfo", v2_mounts},
                                              {"/sys/fs/cgroup/job/memory.max", "4294967296\n"},
                                              {"/sys/fs/cgroup/job/memory.current", "3221225472\n"}};
  EXPECT_EQ(memory_info(fake_files(files), {}).available_bytes, 1 * gib);
  files["/sys/fs/cgroup/job/memory.stat"] = "anon 1\ninactive_file 2147483648\n";
  EXPECT_EQ(memory_info(fake_files(files), {}).available_bytes, 3 * gib);
}

TEST(Memory, V1LimitHoldsAndItsUnlimitedNumberDoesNot) {
  std::map<std::string, std::string> files = {{"/proc/meminfo", meminfo},
                                              {"/proc/self/cgroup", "4:memory:/job\n0::/\n"},
                                              {"/proc/self/mountinfo", hybrid_mounts},
                                              {"/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "2147483648\n"},
                                              {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"}};
  EXPECT_EQ(memory_info(fake_files(files), {}).limit_bytes, 2 * gib);
  files["/sys/fs/cgroup/memory/job/memory.limit_in_bytes"] = "9223372036854771712\n";
  EXPECT_EQ(memory_info(fake_files(files), {}).limit_bytes, 16 * gib);
}

TEST(Memory, ProcessLimitsHold) {
  const auto files = fake_files({{"/proc/meminfo", meminfo}});
  EXPECT_EQ(memory_info(files, {.address_space_bytes = 6 * gib, .data_bytes = std::nullopt}).limit_bytes, 6 * gib);
  EXPECT_EQ(memory_info(files, {.address_space_bytes = 6 * gib, .data_bytes = 3 * gib}).limit_bytes, 3 * gib);
  EXPECT_EQ(memory_info(files, {.address_space_bytes = 6 * gib, .data_bytes = 3 * gib}).available_bytes, 3 * gib);
}

TEST(Memory, NothingKnownIsZeroNotEndless) {
  EXPECT_EQ(memory_info(fake_files({}), {}).limit_bytes, 0u);
  EXPECT_EQ(memory_info(fake_files({{"/proc/meminfo", "MemTotal: many kB\n"}}), {}).available_bytes, 0u);
}

TEST(OomKills, AreThoseOfTheInnermostGroupOrOfTheMachine) {
  std::map<std::string, std::string> files = {{"/proc/vmstat", "pgfault 9\noom_kill 7\n"}};
  EXPECT_EQ(oom_kills(fake_files(files)), 7u);
  files["/proc/self/cgroup"] = "0::/job\n";
  files["/proc/self/mountinfo"] = v2_mounts;
  files["/sys/fs/cgroup/job/memory.events"] = "low 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n";
  EXPECT_EQ(oom_kills(fake_files(files)), 2u);
  files["/proc/self/cgroup"] = "4:memory:/job\n0::/\n";
  files["/proc/self/mountinfo"] = hybrid_mounts;
  files["/sys/fs/cgroup/memory/job/memory.oom_control"] = "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n";
  EXPECT_EQ(oom_kills(fake_files(files)), 4u);
  EXPECT_EQ(oom_kills(fake_files({})), std::nullopt);
}

}  // namespace
}  // namespace tlaunch
