// Another split of the same effective batch, and a step with gradients that are not finite.
#include "trainer/step_down.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"
#include "trainer/oom_injection.h"
#include "trainer/train_state.h"

namespace tlaunch {
namespace {

TEST(StepDown, HalvesTheMicroBatchAndKeepsTheEffectiveBatch) {
  const auto next = stepped_down({16, 3, 2});
  ASSERT_TRUE(next);
  EXPECT_EQ(next->micro_batch, 8);
  EXPECT_EQ(next->accumulation, 6);
  EXPECT_EQ(next->effective(), 16 * 3 * 2);
}

TEST(StepDown, OfAnOddMicroBatchTakesALesserOneThatDividesARanksShare) {
  EXPECT_EQ(stepped_down({15, 2, 1})->micro_batch, 6);  // of 30: 7 does not divide it
  EXPECT_EQ(stepped_down({7, 1, 4})->micro_batch, 1);
}

TEST(StepDown, EndsAtOneAndNeverChangesTheEffectiveBatch) {
  for (std::int64_t micro_batch = 1; micro_batch <= 100; ++micro_batch) {
    for (std::int64_t accumulation = 1; accumulation <= 12; ++accumulation) {
      const BatchSplit first{micro_batch, accumulation, 3};
      auto last = first;
      while (const auto next = stepped_down(last)) {
        ASSERT_LE(next->micro_batch, last.micro_batch / 2);
        ASSERT_EQ(next->effective(), first.effective());
        last = *next;
      }
      EXPECT_EQ(last.micro_batch, 1);
    }
  }
}

TEST(OomInjection, IsForOneRankAndHappensOnce) {
  EXPECT_FALSE(oom_injection_from("rank=1,step=2,phase=backward", 0));
  EXPECT_THROW(oom_injection_from("rank=1,phase=backward", 1), UsageError);
  auto injection = oom_injection_from("rank=1,step=2,phase=backward", 1).value();
  injection.begin_step();
  EXPECT_NO_THROW(injection.at(RunPhase::backward));
  injection.begin_step();
  EXPECT_NO_THROW(injection.at(RunPhase::forward));
  EXPECT_THROW(injection.at(RunPhase::backward), c10::OutOfMemoryError);
  EXPECT_NO_THROW(injection.at(RunPhase::backward));
}

TEST(OomInjection, BetweenStepsHappensSoOftenInARow) {
  EXPECT_THROW(oom_injection_from("rank=0,step=2,phase=lunch", 0), UsageError);
  auto injection = oom_injection_from("rank=0,step=1,phase=save,times=2", 0).value();
  injection.begin_step();
  EXPECT_NO_THROW(injection.at(RunPhase::evaluation));
  EXPECT_THROW(injection.at(RunPhase::save), c10::OutOfMemoryError);
  EXPECT_THROW(injection.at(RunPhase::save), c10::OutOfMemoryError);
  EXPECT_NO_THROW(injection.at(RunPhase::save));
}

// Keys that reach the model as they are: NaN among them makes every gradient NaN.
class PlainInput : public Dataset {
 public:
  SampleShape shape() const override { return {.kind = "keys", .window = 3, .num_classes = 5}; }
  std::int64_t size(Split) const override { return 8; }
  Batch collate(Split, std::span<const std::int64_t>, const AugmentKey*) const override { return {}; }
  torch::Tensor prepare(const torch::Tensor& input, torch::Dtype dtype) const override { return input.to(dtype); }
};

class SkippedUpdate : public testing::TestWithParam<OptimizerKind> {
 protected:
  SkippedUpdate()
      : job_(make_job(config(), torch::kCPU, std::make_shared<PlainInput>())), step_(config(), group_, job_, {}) {}

  static RunConfig config() {
    RunConfig config;
    config.model.name = "lstm";
    config.model.options.set("hidden_size", std::int64_t{4});
    config.model.options.set("num_layers", std::int64_t{1});
    config.model.options.set("window", std::int64_t{3});
    config.model.options.set("top_g", std::int64_t{2});
    config.model.options.set("input", std::string("scalar"));
    config.train.gradient_accumulation_steps = 1;
    config.train.optimizer = GetParam();
    config.train.momentum = GetParam() == OptimizerKind::sgd ? 0.9 : 0;
    config.train.on_nan = OnNan::skip;
    return config;
  }
  void train(double value) {
    step_.run([&] { return Batch{torch::full({2, 3}, value), torch::tensor({1, 2}, torch::kLong)}; }, 0.1);
  }
  std::vector<torch::Tensor> state() {
    std::vector<torch::Tensor> copies;
    for (const auto& [name, tensor] : state_tensors(*job_.model)) copies.push_back(tensor.detach().clone());
    for (const auto& [name, tensor] : step_.optimizer().state()) copies.push_back(tensor.clone());
    return copies;
  }
  static bool equal(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) { return x.equal(y); });
  }

  Group group_{WorkerContext{}};
  Job job_;
  TrainStep step_;
};

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST_P(SkippedUpdate, ChangesNothingAndIsCounted) {
  train(1);
  const auto before = state();
  train(nan);
  train(nan);
  EXPECT_TRUE(equal(before, state()));
  train(2);
  EXPECT_FALSE(equal(before, state()));
  train(nan);
  const auto counts = step_.nan_guard().counts();
  EXPECT_EQ(counts.found, 3);
  EXPECT_EQ(counts.in_a_row, 2);
}

TEST_P(SkippedUpdate, ARowGoesOnOverALook) {
  train(nan);
  EXPECT_EQ(step_.nan_guard().counts().in_a_row, 1);
  train(nan);
  const auto counts = step_.nan_guard().counts();
  EXPECT_EQ(counts.found, 1);
  EXPECT_EQ(counts.in_a_row, 2);
}

INSTANTIATE_TEST_SUITE_P(Optimizers, SkippedUpdate, testing::Values(OptimizerKind::sgd, OptimizerKind::adamw),
                         [](const auto& info) { return std::string(to_string(info.param)); });

}  // namespace
}  // namespace tlaunch
