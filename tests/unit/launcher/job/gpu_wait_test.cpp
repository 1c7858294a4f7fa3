// Waiting for free memory on a shared card: messages and refusals, and the built program on two simulated cards.
#include "launcher/job/gpu_wait.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "base/error.h"
#include "tests/support/child_process.h"
#include "tests/support/run_tlaunch.h"
#include "tests/unit/launcher/fake_driver.h"

namespace tlaunch {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::uint64_t gb = 1'000'000'000;

GpuInfo card(std::uint64_t total_bytes, std::uint64_t free_bytes, std::vector<GpuProcess> processes = {}) {
  GpuInfo gpu;
  gpu.name = "NVIDIA A100";
  gpu.memory_total_bytes = total_bytes;
  gpu.memory_free_bytes = free_bytes;
  gpu.processes = std::move(processes);
  return gpu;
}

std::string refusal(const std::vector<GpuInfo>& cards, std::uint64_t bytes) {
  try {
    check_gpu_wait(cards, bytes);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(GpuWait, EveryCardInUseMustHaveRoom) {
  EXPECT_THAT(gpu_shortage({card(40 * gb, 10 * gb), card(40 * gb, 40 * gb)}, 10 * gb), IsEmpty());
  const std::string text = gpu_shortage({card(40 * gb, 12 * gb), card(40 * gb, 9 * gb)}, 10 * gb);
  EXPECT_THAT(text, AllOf(HasSubstr("GPU 1 (NVIDIA A100) has 9 GB free of 40 GB"), Not(HasSubstr("GPU 0"))));
}

TEST(GpuWait, NamesWhoHoldsACardTheLargestFirst) {
  const auto held = card(40 * gb, gb, {{7, "Xorg", {}}, {8, "python", 30 * gb}, {9, "", 2 * gb}, {10, "other", gb}});
  EXPECT_THAT(gpu_shortage({held}, 10 * gb),
              HasSubstr("held by python 8 (30 GB), process 9 (2 GB), other 10 (1 GB) and 1 more"));
  EXPECT_THAT(gpu_shortage({card(40 * gb, gb)}, 10 * gb), HasSubstr("the driver reports no process"));
}

TEST(GpuWait, OneLineHoweverManyCards) {
  const std::string text = gpu_shortage(std::vector<GpuInfo>(16, card(40 * gb, gb)), 10 * gb);
  EXPECT_LT(text.size(), 400u);
  EXPECT_THAT(text, HasSubstr("and 13 more"));
}

TEST(GpuWait, WhatNoWaitingBringsIsRefused) {
  EXPECT_THAT(refusal({}, gb), HasSubstr("no GPU is visible"));
  EXPECT_THAT(refusal({card(80 * gb, 0), card(40 * gb, 0)}, 50 * gb),
              AllOf(HasSubstr("50 GB"), HasSubstr("GPU 1"), HasSubstr("has 40 GB in all")));
  EXPECT_THAT(refusal({card(0, 0)}, gb), HasSubstr("does not report the memory"));
  EXPECT_EQ(refusal({card(40 * gb, 0)}, 40 * gb), "accepted");
}

TEST(GpuWait, OnlyTheCardsThatRanksUseCount) {
  const std::vector<GpuInfo> visible(4, card(40 * gb, gb));
  EXPECT_EQ(cards_of_ranks(visible, 2).size(), 2u);
  EXPECT_EQ(cards_of_ranks(visible, 8).size(), 4u);
}

// A waiting tlaunch whose narration is on stdout.
std::vector<std::string> waiting(const std::string& arguments) {
  return {"sh", "-c", "exec " + test::program("tlaunch").string() + " " + arguments + " 2>&1"};
}

class GpuWaitProgram : public testing::Test {
 protected:
  void SetUp() override {
    if (!driver_.available) GTEST_SKIP() << "built without nvml.h";
  }
  test::FakeDriver driver_;
};

TEST_F(GpuWaitProgram, StartsWhenThereIsRoom) {
  driver_.free_bytes(gb);
  test::ChildProcess child(waiting("--wait-gpu 5GiB --no-python echo started"));
  ASSERT_TRUE(child.wait_for_output(
      "waiting for 5.37 GB of GPU memory: GPU 0 (NVIDIA GeForce RTX 3060) has 1 GB free of 12 GB"));
  EXPECT_THAT(child.out(), HasSubstr("4242 (1.5 GB)"));
  EXPECT_THAT(child.out(), Not(HasSubstr("GPU 1"))) << "one rank uses one card";
  driver_.free_bytes(6 * gb);
  const auto finished = child.wait();
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.out, AllOf(HasSubstr("GPU memory is free after"), HasSubstr("\nstarted\n")));
}

TEST_F(GpuWaitProgram, DoesNotWaitWhereThereIsRoom) {
  const auto run = test::run_tlaunch({"--wait-gpu", "5GB", "--nproc", "gpu", "--no-python", "echo", "started"});
  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.out, testing::AnyOf("[rank 0] started\n[rank 1] started\n", "[rank 1] started\n[rank 0] started\n"));
  EXPECT_EQ(run.err, "");
}

TEST_F(GpuWaitProgram, ASignalEndsTheWaitAtOnce) {
  driver_.free_bytes(gb);
  const test::TempDir folder;
  test::write(folder / "job.yaml", "model: {name: resnet}\ndata: {name: fashion_mnist}\nlaunch: {worker: " +
                                       (test::source_dir() / "tests/unit/launcher/fake_worker.py").string() + "}\n");
  ::setenv("FAKE_CUDA", "13.0:sm_80", 1);
  ::setenv("XDG_CACHE_HOME", (folder / "cache").c_str(), 1);
  const std::string config = (folder / "job.yaml").string();
  for (const std::string& started : {std::string("--no-python echo started"), config}) {
    for (const int signal : {SIGINT, SIGTERM}) {
      test::ChildProcess child(waiting("--wait-gpu 5GB --nproc 1 " + started));
      ASSERT_TRUE(child.wait_for_output("waiting for 5 GB")) << child.out();
      ::kill(child.pid(), signal);
      EXPECT_EQ(child.wait().exit_code, 128 + signal);
      EXPECT_THAT(child.out(), Not(HasSubstr("\nstarted")));
    }
  }
  for (const char* name : {"FAKE_CUDA", "XDG_CACHE_HOME"}) ::unsetenv(name);
}

// LibTorch reports no CUDA architecture on a machine without libcuda, as under a driver that is too old for it.
TEST_F(GpuWaitProgram, CardsThatCudaDoesNotReachAreRefusedBeforeAnyWorkerStarts) {
  driver_.version("570.86.15");
  const std::string config = (test::source_dir() / "configs/fashion_mnist.yaml").string();
  const auto refused = test::run_tlaunch({"--nproc", "1", "--dry-run", config});
  EXPECT_EQ(refused.code, exit_code::usage);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("NVIDIA GeForce RTX 3060"), HasSubstr("570.86.15"), HasSubstr("580")));
  EXPECT_EQ(test::run_tlaunch({"--nproc", "cpu", "--dry-run", config}).code, 0);
}

TEST_F(GpuWaitProgram, RefusesWhatWillNeverBe) {
  const auto large = test::run_tlaunch({"--wait-gpu", "100GB", "--no-python", "true"});
  EXPECT_EQ(large.code, exit_code::usage);
  EXPECT_THAT(large.err, AllOf(HasSubstr("100 GB"), HasSubstr("12 GB")));
  const std::string config = (test::source_dir() / "configs/fashion_mnist.yaml").string();
  const auto dry = test::run_tlaunch({"--wait-gpu", "100GB", "--dry-run", config});
  EXPECT_EQ(dry.code, exit_code::usage);
  const auto on_cpu = test::run_tlaunch({"--wait-gpu", "5GB", "--nproc", "cpu", config});
  EXPECT_EQ(on_cpu.code, exit_code::usage);
  EXPECT_THAT(on_cpu.err, HasSubstr("run on the CPU"));
  driver_.mode("no_card");
  const auto none = test::run_tlaunch({"--wait-gpu", "1GB", "--no-python", "true"});
  EXPECT_EQ(none.code, exit_code::usage);
  EXPECT_THAT(none.err, HasSubstr("no GPU is visible"));
}

TEST(GpuWaitLine, SizesNeedAUnit) {
  for (const char* size : {"10", "lots", "-5GB", "900kB"}) {
    const auto run = test::run_tlaunch({"--wait-gpu", size, "--no-python", "true"});
    EXPECT_EQ(run.code, exit_code::usage) << size;
    EXPECT_THAT(run.err, HasSubstr("as 10GB or 10GiB")) << size;
  }
}

}  // namespace
}  // namespace tlaunch
