#include <gmock/gmock.h>

#include "hardware/gpu/gpu_probe.h"

namespace tlaunch {
namespace {

using ::testing::IsEmpty;

class NvmlDetails : public ::testing::Test {
 protected:
  void SetUp() override { unsetenv("FAKE_NVML"); }
  void TearDown() override { unsetenv("FAKE_NVML"); }
  GpuProbe probe_as(const char* mode) {
    setenv("FAKE_NVML", mode, 1);
    return probe_gpus({TLAUNCH_FAKE_NVML});
  }
};

TEST_F(NvmlDetails, ReadsLinks) {
  const GpuProbe probe = probe_as("");
  ASSERT_EQ(probe.gpus.size(), 2u);
  ASSERT_TRUE(probe.gpus[0].pcie && probe.gpus[1].pcie);
  EXPECT_EQ(probe.gpus[0].pcie->generation, 4);
  EXPECT_EQ(probe.gpus[0].pcie->width, 8);
  EXPECT_EQ(probe.gpus[1].pcie->width, 16);
  EXPECT_EQ(probe.gpus[1].pci_bus_id, "0000FA0E:02:00.0");
  EXPECT_EQ(probe.gpus[0].nvlink_links, 0);   // a card without
  EXPECT_EQ(probe.gpus[1].nvlink_links, 11);  // one of twelve is down
}

TEST_F(NvmlDetails, ReadsTheProcessesOfEachCardOnce) {
  const GpuProbe probe = probe_as("");
  ASSERT_EQ(probe.gpus[0].processes.size(), 2u);
  EXPECT_EQ(probe.gpus[0].processes[0].pid, 77u);
  EXPECT_EQ(probe.gpus[0].processes[0].used_bytes, std::nullopt);
  EXPECT_EQ(probe.gpus[0].processes[1].pid, 4242u);  // it computes and draws
  EXPECT_EQ(probe.gpus[0].processes[1].used_bytes, 1'500'000'000u);
  EXPECT_THAT(probe.gpus[1].processes, IsEmpty());
}

TEST_F(NvmlDetails, ReadsMoreProcessesThanItFirstHasRoomFor) {
  EXPECT_EQ(probe_as("busy").gpus[0].processes.size(), 101u);
}

TEST_F(NvmlDetails, TellsMigAndItsSlices) {
  const GpuProbe probe = probe_as("mig");
  EXPECT_FALSE(probe.gpus[0].mig);
  ASSERT_TRUE(probe.gpus[1].mig);
  ASSERT_EQ(probe.gpus[1].mig_instances.size(), 2u);
  EXPECT_EQ(probe.gpus[1].mig_instances[0].name, "NVIDIA A100-SXM4-40GB MIG 1g.5gb");
  EXPECT_EQ(probe.gpus[1].mig_instances[1].uuid, "MIG-fake-3");
  EXPECT_EQ(probe.gpus[1].mig_instances[1].memory_total_bytes, 20'000'000'000u);
  EXPECT_EQ(probe.gpus[1].mig_instances[1].memory_free_bytes, 18'000'000'000u);
  EXPECT_EQ(probe.gpus[1].mig_instances[1].place, "MIG-GPU-fake-1/3/0");
  EXPECT_THAT(probe.notes, IsEmpty());
}

TEST_F(NvmlDetails, WhatTheDriverRefusesIsAbsentAndNoComplaint) {
  const GpuProbe probe = probe_as("mute");
  ASSERT_EQ(probe.gpus.size(), 2u);
  EXPECT_FALSE(probe.gpus[0].pcie);
  EXPECT_THAT(probe.gpus[0].processes, IsEmpty());
  EXPECT_THAT(probe.notes, IsEmpty());
}

TEST_F(NvmlDetails, AnOldDriverWithoutTheFunctionsStillTellsItsCards) {
  const GpuProbe probe = probe_gpus({TLAUNCH_FAKE_OLD_NVML});
  EXPECT_TRUE(probe.driver_found);
  EXPECT_THAT(probe.notes, IsEmpty());
  ASSERT_EQ(probe.gpus.size(), 2u);
  for (const GpuInfo& gpu : probe.gpus) {
    EXPECT_GT(gpu.memory_total_bytes, 0u);
    EXPECT_FALSE(gpu.pcie);
    EXPECT_FALSE(gpu.nvlink_links);
    EXPECT_FALSE(gpu.mig);
    EXPECT_THAT(gpu.processes, IsEmpty());
  }
}

}  // namespace
}  // namespace tlaunch
