#include "hardware/cpu.h"

#include <gmock/gmock.h>

#include "fake_files.h"

namespace tlaunch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string x86 =
    "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel\t\t: 17\nmodel name\t: AMD EPYC 9B14  \n"
    "flags\t\t: fpu sse2 avx avx2 avx512f avx512vl avx512_bf16 rdpid\nbugs\t\t: spectre_v1\n\nprocessor\t: 1\n";
const std::string arm =
    "processor\t: 0\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd evtstrm aes sve asimdhp bf16 i8mm\n"
    "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd40\n";

TEST(Cpu, ReadsModelAndFeaturesOfX86) {
  EXPECT_EQ(model_from_cpuinfo(x86), "AMD EPYC 9B14");
  EXPECT_THAT(features_from_cpuinfo(x86), ElementsAre("avx2", "avx512f", "avx512_bf16"));
}

TEST(Cpu, ReadsModelAndFeaturesOfArm) {
  EXPECT_EQ(model_from_cpuinfo(arm), "Arm Neoverse V1");
  EXPECT_THAT(features_from_cpuinfo(arm), ElementsAre("asimd", "bf16", "sve"));
  EXPECT_EQ(model_from_cpuinfo("CPU implementer\t: 0xc0\nCPU part\t: 0xac3\n"),
            "Arm CPU (implementer 0xc0, part 0xac3)");
}

TEST(Cpu, AFeatureMustBeAWholeWord) { EXPECT_THAT(features_from_cpuinfo("flags\t: xavx2 avx512_bf16x\n"), IsEmpty()); }

TEST(Cpu, WithoutCpuinfoTheModelIsUnknown) {
  EXPECT_EQ(model_from_cpuinfo(""), "unknown");
  EXPECT_THAT(features_from_cpuinfo(""), IsEmpty());
}

TEST(Cpu, QuotaOfV2RoundsUpToWholeCores) {
  const auto files = fake_files({{"/proc/self/cgroup", "0::/job\n"},
                                 {"/proc/self/mountinfo", v2_mounts},
                                 {"/sys/fs/cgroup/job/cpu.max", "150000 100000\n"}});
  ASSERT_TRUE(cpu_quota_cores(files));
  EXPECT_DOUBLE_EQ(*cpu_quota_cores(files), 1.5);
  EXPECT_EQ(allowed_cores(8, cpu_quota_cores(files)), 2);
}

TEST(Cpu, TheLeastQuotaOnTheWayUpHolds) {
  const auto files = fake_files({{"/proc/self/cgroup", "0::/pod/container\n"},
                                 {"/proc/self/mountinfo", v2_mounts},
                                 {"/sys/fs/cgroup/pod/container/cpu.max", "max 100000\n"},
                                 {"/sys/fs/cgroup/pod/cpu.max", "400000 100000\n"},
                                 {"/sys/fs/cgroup/cpu.max", "max 100000\n"}});
  EXPECT_EQ(cpu_quota_cores(files), 4.0);
}

TEST(Cpu, QuotaOfV1) {
  std::map<std::string, std::string> files = {{"/proc/self/cgroup", "5:cpu,cpuacct:/job\n"},
                                              {"/proc/self/mountinfo", v1_mounts},
                                              {"/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "200000\n"},
                                              {"/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n"}};
  EXPECT_EQ(cpu_quota_cores(fake_files(files)), 2.0);
  files["/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us"] = "-1\n";
  EXPECT_EQ(cpu_quota_cores(fake_files(files)), std::nullopt);
}

TEST(Cpu, AtLeastOneCoreAndNeverMoreThanTheAffinityGives) {
  EXPECT_EQ(allowed_cores(4, std::nullopt), 4);
  EXPECT_EQ(allowed_cores(4, 16.0), 4);
  EXPECT_EQ(allowed_cores(4, 0.1), 1);
  EXPECT_EQ(allowed_cores(0, std::nullopt), 1);
}

TEST(Cpu, ThreadsOfOneCoreCountOnce) {
  const std::string cpuinfo =
      "processor\t: 0\nphysical id\t: 0\ncore id\t\t: 0\n\nprocessor\t: 1\nphysical id\t: 0\ncore id\t\t: 0\n\n"
      "processor\t: 2\nphysical id\t: 0\ncore id\t\t: 1\n\nprocessor\t: 3\nphysical id\t: 1\ncore id\t\t: 0\n";
  EXPECT_EQ(physical_cores(cpuinfo, {0, 1, 2, 3}), 3);
  EXPECT_EQ(physical_cores(cpuinfo, {0, 1}), 1);
  EXPECT_EQ(physical_cores(arm, {0}), std::nullopt);
  EXPECT_EQ(physical_cores("", {0}), std::nullopt);
}

TEST(Cpu, ProbeWorksWithoutAnyFile) { EXPECT_GE(probe_cpu(fake_files({})).allowed_cores, 1); }

}  // namespace
}  // namespace tlaunch
