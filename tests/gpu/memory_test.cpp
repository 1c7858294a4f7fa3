// The memory of a card really runs out.
#include "gpu_run.h"
#include "trainer/memory/out_of_memory.h"

namespace tlaunch::test {
namespace {

class GpuMemory : public GpuRun {
 protected:
  void SetUp() override {
    if (!on_card()) GTEST_SKIP() << "no CUDA device on this machine: " << cuda_problem();
    GpuRun::SetUp();
  }
};

// ResNet-50 on 224 px takes about 100 MB per sample: 4096 of them fit on no card.
class GpuMemoryOfAStep : public GpuMemory, public testing::WithParamInterface<const char*> {};

TEST_P(GpuMemoryOfAStep, MicroBatchIsHalvedUntilItFits) {
  const auto outcome = train("run", "resnet.yaml",
                             {"model.depth=50", "model.width=64", "model.stem=large", "data.image_size=224",
                              "gpu.mixed_precision=off", "train.effective_batch_size=4096", "train.batch_size=4096",
                              "train.max_steps=2", std::string("gpu.cudnn_benchmark=") + GetParam()});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto steps_down = events("run", "step_down");
  ASSERT_FALSE(steps_down.empty());
  RecordProperty("micro_batch", steps_down.back()["micro_batch"].dump());
  EXPECT_EQ(events("run", "step").back()["step"], 2);
}

INSTANTIATE_TEST_SUITE_P(CudnnBenchmark, GpuMemoryOfAStep, testing::Values("false", "true"),
                         [](const auto& info) { return std::string(info.param); });

TEST_F(GpuMemory, TheCapEndsAnAllocationThatIsKnownAsALackOfMemory) {
  const torch::Device card{torch::kCUDA, 0};
  const auto bytes = [&](std::int64_t size) {
    return torch::empty({size}, torch::TensorOptions().device(card).dtype(torch::kUInt8));
  };
  select_device(card);
  empty_cache(card);
  cap_device_memory(card, std::uint64_t{512} << 20);
  EXPECT_NO_THROW(bytes(std::int64_t{256} << 20));
  bool known = false;
  try {
    (void)bytes(std::int64_t{1024} << 20);
  } catch (const std::exception& error) {
    known = is_out_of_memory(error);
  }
  EXPECT_TRUE(known);
  cap_device_memory(card, ~std::uint64_t{0});
  EXPECT_NO_THROW(bytes(std::int64_t{600} << 20));
}

}  // namespace
}  // namespace tlaunch::test
