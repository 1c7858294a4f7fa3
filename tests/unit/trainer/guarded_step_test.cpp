// Injected shortages of memory, and a step with gradients that are not finite.
#include "trainer/step/guarded_step.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "trainer/memory/oom_injection.h"
#include "trainer/state/train_state.h"
#include "watched_allocator.h"

namespace tlaunch {
namespace {

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

// The keys reach the model unchanged: a NaN among them makes every gradient NaN.
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
      : setup_(make_training_setup(config(), torch::kCPU, std::make_shared<PlainInput>())),
        step_(config(), ranks_, setup_, {}) {}

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
    for (const auto& [name, tensor] : state_tensors(*setup_.model)) copies.push_back(tensor.detach().clone());
    for (const auto& [name, tensor] : step_.optimizer().state()) copies.push_back(tensor.clone());
    return copies;
  }
  static bool equal(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) { return x.equal(y); });
  }

  Ranks ranks_{WorkerContext{}};
  TrainingSetup setup_;
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

// Otherwise a recorded step would continue to write to the old places.
TEST_P(SkippedUpdate, TheStateStaysWhereItIsInMemory) {
  for (const bool scaled : {false, true}) {
    step_.scaler() = GradScaler(torch::kCPU, scaled);
    const auto places = [&] {
      std::vector<const void*> found{step_.nan_guard().found().const_data_ptr()};
      if (scaled) found.push_back(step_.scaler().found_inf().const_data_ptr());
      for (const auto& [name, tensor] : state_tensors(*setup_.model)) found.push_back(tensor.const_data_ptr());
      for (const auto& [name, tensor] : step_.optimizer().state()) found.push_back(tensor.const_data_ptr());
      return found;
    };
    train(1);
    const auto before = places();
    for (int i = 0; i < 20; ++i) train(i % 5 == 3 ? nan : i);
    EXPECT_EQ(places(), before);
    // counts() reads the same memory: a figure that had moved would no longer change there.
    EXPECT_EQ(step_.nan_guard().counts().found, scaled ? 0 : 4) << "at a scale above 1 the scaler handles them";
  }
}

// The nth allocation of a step's update fails, once.
TEST_P(SkippedUpdate, WhereMemoryIsShortOnceIsAsIfItHadNotBeen) {
  const auto step_once = [](std::int64_t nth, bool& failed) {
    Ranks ranks{WorkerContext{}};
    auto setup = make_training_setup(config(), torch::kCPU, std::make_shared<PlainInput>());
    TrainStep step(config(), ranks, setup, {});
    step.scaler() = GradScaler(torch::kCPU, true);
    GuardedStep guarded(step, ranks, nullptr);
    test::WatchedAllocator watched;
    const auto batch = [&] {
      watched.fail_at(nth);
      return Batch{torch::full({2, 3}, 1.0), torch::tensor({1, 2}, torch::kLong)};
    };
    auto result = guarded.run(batch, 0.1);
    failed = watched.failed();
    watched.fail_at(0);
    std::vector<torch::Tensor> state;
    if (result.shortage) return state;  // in the forward or backward pass: the step was not done
    for (const auto& [name, tensor] : state_tensors(*setup.model)) state.push_back(tensor.detach().clone());
    for (const auto& [name, tensor] : step.optimizer().state()) state.push_back(tensor.clone());
    return state;
  };
  bool failed = false;
  const auto expected = step_once(0, failed);
  ASSERT_FALSE(failed);
  int in_update = 0;
  for (std::int64_t nth = 1;; ++nth) {
    const auto state = step_once(nth, failed);
    if (!failed) break;
    if (state.empty()) continue;
    ++in_update;
    EXPECT_TRUE(equal(state, expected)) << "allocation " << nth;
  }
  EXPECT_GT(in_update, 0) << "tests nothing";
}

INSTANTIATE_TEST_SUITE_P(Optimizers, SkippedUpdate, testing::Values(OptimizerKind::sgd, OptimizerKind::adamw),
                         [](const auto& info) { return std::string(to_string(info.param)); });

}  // namespace
}  // namespace tlaunch
