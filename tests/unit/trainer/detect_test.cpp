#include "trainer/loop/detect.h"

#include <gtest/gtest.h>

namespace tlaunch {
namespace {

TEST(DetectionMetrics, FollowFromTheCounts) {
  const auto metrics =
      detection_metrics({.true_positives = 90, .false_positives = 10, .normal = 1000, .abnormal = 100});
  EXPECT_DOUBLE_EQ(metrics.at("precision"), 0.9);
  EXPECT_DOUBLE_EQ(metrics.at("recall"), 0.9);
  EXPECT_DOUBLE_EQ(metrics.at("f1"), 0.9);
  EXPECT_DOUBLE_EQ(metrics.at("false_positive_rate"), 0.01);
}

TEST(DetectionMetrics, AreZeroWhereNothingIsFlagged) {
  for (const auto& [name, value] :
       detection_metrics({.true_positives = 0, .false_positives = 0, .normal = 5, .abnormal = 5}))
    EXPECT_EQ(value, 0) << name;
}

// Logits fall with the key's number, whatever the window: the top g keys are 0..g-1.
class FallingLogits : public Model {
 public:
  torch::Tensor forward(const torch::Tensor& input) override {
    return -torch::arange(6, torch::kFloat32).expand({input.size(0), 6});
  }
};

class HandMade : public Dataset {
 public:
  HandMade() {
    tests_.normal = {{0, 1, 2, 2, /**/ 0, 1, 1, 3}, {0, 4, 8}};
    tests_.abnormal = {{5, 5, 0, 1, /**/ 0, 0, 0, -1, /**/ 0, 0, 5, 0}, {0, 4, 8, 12}};
  }
  SampleShape shape() const override { return {.kind = "keys", .window = 2, .num_classes = 6}; }
  std::int64_t size(Split) const override { return 0; }
  Batch collate(Split, std::span<const std::int64_t>, const AugmentKey*) const override { return {}; }
  torch::Tensor prepare(const torch::Tensor& input, torch::Dtype) const override { return input; }
  const SessionTests* session_tests() const override { return &tests_; }

 private:
  SessionTests tests_;
};

TEST(Detect, FlagsKeysOutsideTheTopGAndKeysNeverSeen) {
  TrainingSetup setup;
  setup.dataset = std::make_unique<HandMade>();
  setup.model = std::make_shared<FallingLogits>();
  const Ranks alone{WorkerContext{}};
  Options options;
  options.set("top_g", std::int64_t{3});
  // Normal: the second session's 3 is outside the top 3. Abnormal: the first session's 5s are in its first window and
  // are never targets; the second session has a key never seen; the third's 5 is a target.
  HalvingBatch batch(RunPhase::detection);
  const auto metrics = detect(setup, alone, options, batch);
  EXPECT_DOUBLE_EQ(metrics.at("false_positive_rate"), 0.5);
  EXPECT_DOUBLE_EQ(metrics.at("recall"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(metrics.at("precision"), 2.0 / 3);
}

}  // namespace
}  // namespace tlaunch
