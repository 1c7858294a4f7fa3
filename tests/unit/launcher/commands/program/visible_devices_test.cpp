// CUDA_VISIBLE_DEVICES as the built program reads it, on two simulated cards. The second may be divided into MIG
// slices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/support/run_tlaunch.h"
#include "tests/unit/launcher/fake_driver.h"

namespace tlaunch {
namespace {

using testing::HasSubstr;

class VisibleDevices : public testing::Test {
 protected:
  void SetUp() override {
    if (!driver_.available) GTEST_SKIP() << "built without nvml.h";
  }
  test::FakeDriver driver_;
};

TEST_F(VisibleDevices, ASliceIsADeviceWithItsOwnMemory) {
  driver_.mode("mig");
  driver_.visible("MIG-fake-3");
  const auto run = test::run_tlaunch({"probe", "--json"});
  const Json gpus = Json::parse(run.out).at("gpus");
  ASSERT_EQ(gpus.size(), 1u);
  EXPECT_EQ(gpus[0]["name"], "NVIDIA A100-SXM4-40GB MIG 3g.20gb");
  EXPECT_EQ(gpus[0]["uuid"], "MIG-fake-3");
  EXPECT_EQ(gpus[0]["memory_total_bytes"], 20'000'000'000);
  const auto waits_for_more = test::run_tlaunch({"--wait-gpu", "30GB", "--no-python", "true"});
  EXPECT_THAT(waits_for_more.err, HasSubstr("MIG 3g.20gb) has 20 GB in all"));
}

TEST_F(VisibleDevices, GpuRanksAreAsManyAsAreVisible) {
  const auto ranks = [](const char* nproc) {
    return test::run_tlaunch({"--nproc", nproc, "--no-python", "sh", "-c", "test $RANK != 0 || echo $WORLD_SIZE"});
  };
  EXPECT_THAT(ranks("gpu").out, HasSubstr("2\n"));
  driver_.visible("GPU-fake-1");
  EXPECT_EQ(ranks("gpu").out, "1\n");
  driver_.visible("1,7,0");
  const auto cut = ranks("auto");
  EXPECT_EQ(cut.out, "1\n");
  EXPECT_THAT(cut.err, HasSubstr("note: CUDA_VISIBLE_DEVICES=1,7,0: '7' does not match a card here"));
  driver_.mode("mig");
  driver_.visible("MIG-fake-2,MIG-fake-3");
  const auto slices = ranks("gpu");
  EXPECT_EQ(slices.out, "1\n");
  EXPECT_THAT(slices.err, HasSubstr("one MIG slice"));
}

}  // namespace
}  // namespace tlaunch
