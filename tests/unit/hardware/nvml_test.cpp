#include <gmock/gmock.h>

#include "hardware/gpu/gpu_monitor.h"
#include "hardware/gpu/gpu_probe.h"

namespace tlaunch {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string fake = TLAUNCH_FAKE_NVML;

class Nvml : public ::testing::Test {
 protected:
  void SetUp() override { unsetenv("FAKE_NVML"); }
  void TearDown() override { unsetenv("FAKE_NVML"); }
  GpuProbe probe_as(const char* mode) {
    setenv("FAKE_NVML", mode, 1);
    return probe_gpus({fake});
  }
};

TEST_F(Nvml, ReadsEveryCard) {
  const GpuProbe probe = probe_gpus({"libno-such-library.so", fake});
  EXPECT_TRUE(probe.driver_found);
  EXPECT_EQ(probe.driver_version, "580.65.06");
  EXPECT_THAT(probe.notes, IsEmpty());
  ASSERT_EQ(probe.gpus.size(), 2u);
  EXPECT_EQ(probe.gpus[0].name, "NVIDIA GeForce RTX 3060");
  EXPECT_EQ(probe.gpus[0].uuid, "GPU-fake-0");
  EXPECT_EQ(probe.gpus[0].tier, "budget");
  EXPECT_EQ(probe.gpus[0].memory_total_bytes, 12'000'000'000u);
  EXPECT_EQ(probe.gpus[0].memory_free_bytes, 10'000'000'000u);
  EXPECT_EQ(probe.gpus[0].capability_major, 8);
  EXPECT_EQ(probe.gpus[0].capability_minor, 6);
  EXPECT_EQ(probe.gpus[1].tier, "high_end");
}

TEST_F(Nvml, WithoutADriverThereIsNothingAndNoComplaint) {
  const GpuProbe probe = probe_gpus({"libno-such-library.so"});
  EXPECT_FALSE(probe.driver_found);
  EXPECT_THAT(probe.gpus, IsEmpty());
  EXPECT_THAT(probe.notes, IsEmpty());
}

TEST_F(Nvml, EveryFailureIsANote) {
  EXPECT_THAT(probe_as("mismatch").notes, ElementsAre(AllOf(HasSubstr("does not start"), HasSubstr("reboot"))));
  EXPECT_THAT(probe_as("no_card").notes, ElementsAre("the NVIDIA driver reports no GPU"));

  const GpuProbe lost = probe_as("lost_card");
  EXPECT_EQ(lost.gpus.size(), 1u);
  EXPECT_THAT(lost.notes, ElementsAre(AllOf(HasSubstr("GPU 1"), HasSubstr("GPU is lost"))));

  const GpuProbe shared = probe_as("shared_memory");
  ASSERT_EQ(shared.gpus.size(), 2u);
  EXPECT_EQ(shared.gpus[0].memory_total_bytes, 0u);
  EXPECT_THAT(shared.notes, Contains(HasSubstr("GPU 0: memory unknown")));
}

TEST_F(Nvml, ALibraryWithoutTheFunctionsIsNamedTooOld) {
  const GpuProbe probe = probe_gpus({"libm.so.6"});
  EXPECT_FALSE(probe.driver_found);
  EXPECT_THAT(probe.notes, ElementsAre(HasSubstr("too old")));
}

TEST_F(Nvml, TheMonitorReadsACardByUuidOrIndex) {
  for (const char* which : {"GPU-fake-1", "1"}) {
    const auto sample = GpuMonitor(which, fake).sample();
    ASSERT_TRUE(sample) << which;
    EXPECT_EQ(sample->name, "NVIDIA A100-SXM4-40GB");
    EXPECT_DOUBLE_EQ(sample->utilization_percent.value(), 42);
    EXPECT_EQ(sample->memory_used_bytes, 2'000'000'000u);
    EXPECT_EQ(sample->memory_total_bytes, 42'000'000'000u);
    EXPECT_DOUBLE_EQ(sample->temperature_c.value(), 61);
    EXPECT_DOUBLE_EQ(sample->power_w.value(), 170.5);
  }
}

TEST_F(Nvml, WhatTheDriverDoesNotTellIsAbsentFromTheSample) {
  setenv("FAKE_NVML", "no_utilization", 1);
  auto sample = GpuMonitor("GPU-fake-0", fake).sample();
  ASSERT_TRUE(sample);
  EXPECT_FALSE(sample->utilization_percent);
  EXPECT_FALSE(sample->temperature_c);
  EXPECT_FALSE(sample->power_w);
  EXPECT_EQ(sample->memory_used_bytes, 2'000'000'000u);
  setenv("FAKE_NVML", "shared_memory", 1);
  sample = GpuMonitor("GPU-fake-0", fake).sample();
  ASSERT_TRUE(sample);
  EXPECT_FALSE(sample->memory_used_bytes);
  EXPECT_FALSE(sample->memory_total_bytes);
  EXPECT_DOUBLE_EQ(sample->utilization_percent.value(), 42);
}

// CUDA's device properties give a slice's UUID without a prefix; tlaunch writes GPU- before it.
TEST_F(Nvml, TheMonitorFindsAMigSliceByTheUuidThatCudaKnows) {
  const auto sample = GpuMonitor("GPU-fake-3", fake).sample();
  ASSERT_TRUE(sample);
  EXPECT_EQ(sample->name, "NVIDIA A100-SXM4-40GB MIG 3g.20gb");
  EXPECT_EQ(sample->memory_total_bytes, 20'000'000'000u);
}

TEST_F(Nvml, TheMonitorIsEmptyWithoutDriverOrCard) {
  EXPECT_FALSE(GpuMonitor("0", "libno-such-library.so").sample());
  EXPECT_FALSE(GpuMonitor("5", fake).sample());
  EXPECT_FALSE(GpuMonitor("GPU-other", fake).sample());
  EXPECT_FALSE(GpuMonitor("", fake).sample());
}

}  // namespace
}  // namespace tlaunch
