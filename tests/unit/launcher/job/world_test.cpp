// The number of ranks and their device, and whether the worker's LibTorch fits the GPUs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "launcher/job/capability.h"
#include "launcher/job/world_size.h"

namespace tlaunch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

HardwareProfile machine(std::size_t gpus, int cores) {
  HardwareProfile hardware;
  hardware.gpus.resize(gpus);
  hardware.cpu.allowed_cores = cores;
  return hardware;
}

void expect_world(const std::string& nproc, const HardwareProfile& hardware, std::int64_t size, bool on_gpu) {
  const World world = world_of(nproc, hardware);
  EXPECT_EQ(world.size, size) << nproc;
  EXPECT_EQ(world.on_gpu, on_gpu) << nproc;
}

std::string refusal(const std::string& nproc, const HardwareProfile& hardware) {
  try {
    world_of(nproc, hardware);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(World, AutoTakesTheGpusOrOneCpuRank) {
  expect_world("auto", machine(4, 16), 4, true);
  expect_world("auto", machine(0, 16), 1, false);
}

TEST(World, RanksShareTheGpusOnlyWhereThatIsAskedFor) {
  const World world = world_of("3", machine(1, 16), /*share_cards=*/true);
  EXPECT_EQ(world.size, 3);
  EXPECT_TRUE(world.on_gpu);
  EXPECT_EQ(world_of("gpu", machine(2, 16), /*share_cards=*/true).size, 2);
  EXPECT_FALSE(world_of("3", machine(0, 16), /*share_cards=*/true).on_gpu);
}

TEST(World, CpuTakesTheAllowedCoresEvenWhereGpusAre) { expect_world("cpu", machine(4, 16), 16, false); }

TEST(World, ANumberMeansGpusWhereTheyAre) {
  expect_world("2", machine(4, 16), 2, true);
  expect_world("2", machine(0, 1), 2, false);
  EXPECT_THAT(refusal("3", machine(2, 16)), HasSubstr("only 2 GPUs are visible"));
}

TEST(World, WhatIsNoNumberOrTooManyIsRefused) {
  for (const char* nproc : {"0", "-1", "1.5", "2x", "", "99999999999999999999"})
    EXPECT_THAT(refusal(nproc, machine(0, 1)), HasSubstr("takes a number")) << nproc;
  EXPECT_THAT(refusal("gpu", machine(0, 1)), HasSubstr("no GPU is visible"));
}

TEST(World, APlainProgramIsOneRankAndMayShareGpus) {
  EXPECT_EQ(program_ranks(std::nullopt, machine(4, 16), false), 1);
  EXPECT_EQ(program_ranks("8", machine(1, 2), false), 8);
  EXPECT_EQ(program_ranks("gpu", machine(4, 16), false), 4);
  EXPECT_EQ(program_ranks("auto", machine(0, 16), false), 1);
  EXPECT_EQ(program_ranks("auto", machine(0, 16), true), 16) << "as torchrun";
  EXPECT_EQ(program_ranks("auto", machine(4, 16), true), 4);
}

GpuInfo card(const std::string& name, int major, int minor) {
  GpuInfo gpu;
  gpu.name = name;
  gpu.capability_major = major;
  gpu.capability_minor = minor;
  return gpu;
}

WorkerDescription built_for(const std::vector<std::string>& architectures) {
  WorkerDescription worker;
  worker.torch_version = "2.11.0+cu130";
  worker.cuda_version = "13.0";
  worker.cuda_architectures = architectures;
  return worker;
}

constexpr const char* driver = "580.65.06";

TEST(Capability, ALaterMinorRevisionAndPtxRun) {
  const auto worker = built_for({"sm_75", "sm_80", "sm_90", "sm_120", "compute_120"});
  EXPECT_FALSE(capability_problem({card("T4", 7, 5), card("RTX 3090", 8, 6), card("H100", 9, 0), card("later", 13, 0)},
                                  worker, driver));
  EXPECT_FALSE(capability_problem({}, worker, driver));
  EXPECT_FALSE(capability_problem({}, built_for({}), "")) << "no card is asked for";
}

TEST(Capability, ADriverTooOldForCudaIsNamedWithTheOneThatIsNeeded) {
  const auto problem = capability_problem({card("T4", 7, 5)}, built_for({}), "570.86.15").value_or("");
  for (const char* text : {"T4", "570.86.15", "13.0", "580", "too old"}) EXPECT_THAT(problem, HasSubstr(text));
  auto older = built_for({});
  older.cuda_version = "12.6";
  EXPECT_THAT(capability_problem({card("T4", 7, 5)}, older, "470.256.02").value_or(""),
              AllOf(HasSubstr("470.256.02"), HasSubstr("525")));
}

TEST(Capability, WhereTheDriverIsNewEnoughTheContainerIsNamed) {
  for (const char* version : {"580.65.06", "590.1", ""}) {
    const auto problem = capability_problem({card("T4", 7, 5)}, built_for({}), version).value_or("");
    EXPECT_THAT(problem, AllOf(HasSubstr("NVIDIA_DRIVER_CAPABILITIES"), HasSubstr("compute"))) << version;
    EXPECT_THAT(problem, testing::Not(HasSubstr("too old"))) << version;
  }
}

TEST(Capability, AnOldCardIsRefusedWithWhatToDo) {
  const auto problem =
      capability_problem({card("T4", 7, 5), card("Tesla V100", 7, 0)}, built_for({"sm_75", "sm_80"}), driver);
  ASSERT_TRUE(problem);
  for (const char* text : {"Tesla V100", "7.0", "sm_75 sm_80", "TLAUNCH_TORCH", "cu126"})
    EXPECT_THAT(*problem, HasSubstr(text));
}

TEST(Capability, ALibTorchWithoutCudaIsRefusedOnGpus) {
  WorkerDescription worker;
  worker.torch_version = "2.11.0+cpu";
  EXPECT_THAT(capability_problem({card("T4", 7, 5)}, worker, driver).value_or(""), HasSubstr("has no CUDA"));
}

}  // namespace
}  // namespace tlaunch
