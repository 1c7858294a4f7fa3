// train.effective_batch_size=auto before anything is measured, and the learning rate for it.
#include "config/effective_batch.h"
#include "contract/planned_rate.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "base/error.h"
#include "tests/unit/config/config_fixture.h"

namespace tlaunch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TrainConfig open_train(std::optional<std::int64_t> micro = {}, std::optional<std::int64_t> accumulation = {}) {
  TrainConfig train;
  train.effective_batch_size.reset();
  train.batch_size = micro;
  train.gradient_accumulation_steps = accumulation;
  return train;
}

Plan plan_with(std::int64_t effective) {
  Plan plan;
  plan.choices = {{"train.effective_batch_size", effective, Origin::measured, "measured"}};
  return plan;
}

TEST(ClosestEffectiveBatch, IsTheReferenceWhereTheRanksShareIt) {
  for (const std::int64_t ranks : {1, 2, 4, 8, 16, 64}) EXPECT_EQ(closest_effective_batch(open_train(), ranks), 256);
  EXPECT_EQ(closest_effective_batch(open_train(), 3), 252);  // 84 each, a multiple of 4
  EXPECT_EQ(closest_effective_batch(open_train(), 5), 260);
  EXPECT_EQ(closest_effective_batch(open_train(), 100), 400);  // 4 each
}

TEST(ClosestEffectiveBatch, FollowsWhatTheUserFixed) {
  EXPECT_EQ(closest_effective_batch(open_train(24), 2), 240);
  EXPECT_EQ(closest_effective_batch(open_train(600), 2), 1200);
  EXPECT_EQ(closest_effective_batch(open_train({}, 3), 2), 264);
  EXPECT_EQ(closest_effective_batch(open_train(12, 4), 2), 96);
  EXPECT_THROW(closest_effective_batch(open_train(1 << 20, 1 << 20), 2), UsageError);
}

TEST(ClosestEffectiveBatch, IsNoMoreThanTheSamples) {
  EXPECT_EQ(closest_effective_batch(open_train(), 1, 300), 256);
  EXPECT_EQ(closest_effective_batch(open_train(), 1, 100), 100);
  EXPECT_EQ(closest_effective_batch(open_train(), 2, 100), 96);
  EXPECT_EQ(closest_effective_batch(open_train(), 2, 7), 6) << "few samples: 3 a rank";
  EXPECT_EQ(closest_effective_batch(open_train({}, 3), 2, 20), 18);
  EXPECT_EQ(closest_effective_batch(open_train(24), 2, 100), 96);
  EXPECT_EQ(closest_effective_batch(open_train(24, 2), 2, 20), 96) << "what the user fixed is for the user to change";
}

RC_GTEST_PROP(ClosestEffectiveBatchProperty, OpenItNeverExceedsTheSamplesThatTheRanksCanShare, ()) {
  const auto ranks = *rc::gen::inRange<std::int64_t>(1, 100), samples = *rc::gen::inRange<std::int64_t>(1, 2000);
  const auto batch = closest_effective_batch(open_train(), ranks, samples);
  RC_ASSERT(batch % ranks == 0);
  RC_ASSERT(batch <= std::max(ranks, samples));
}

RC_GTEST_PROP(ClosestEffectiveBatchProperty, CanBeSharedAndNoneThatCanIsCloser, ()) {
  const auto ranks = *rc::gen::inRange<std::int64_t>(1, 100), fixed = *rc::gen::inRange<std::int64_t>(1, 100);
  const bool micro = *rc::gen::arbitrary<bool>();
  const auto train = micro ? open_train(fixed) : open_train({}, fixed);
  const std::int64_t unit = ranks * fixed * (micro ? 1 : 4), batch = closest_effective_batch(train, ranks);
  RC_ASSERT(batch > 0);
  RC_ASSERT(batch % unit == 0);
  if (batch > unit) RC_ASSERT(std::abs(batch - unit - 256) >= std::abs(batch - 256));
  RC_ASSERT(std::abs(batch + unit - 256) >= std::abs(batch - 256));
}

TEST(ScaledLearningRate, IsLinearForSgdAndASquareRootForAdam) {
  auto train = open_train();
  train.learning_rate = 0.003;
  train.optimizer = OptimizerKind::sgd;
  EXPECT_EQ(scaled_learning_rate(train, 1024).learning_rate, 0.012);
  EXPECT_STREQ(scaled_learning_rate(train, 1024).rule, "linear rule");
  for (const auto optimizer : {OptimizerKind::adam, OptimizerKind::adamw}) {
    train.optimizer = optimizer;
    EXPECT_EQ(scaled_learning_rate(train, 1024).learning_rate, 0.006);
    EXPECT_EQ(scaled_learning_rate(train, 128).learning_rate, 0.00212132);  // 0.003 x 0.7071067...
    EXPECT_STREQ(scaled_learning_rate(train, 128).rule, "square-root rule");
  }
  train.learning_rate = 0.123456789;
  EXPECT_EQ(scaled_learning_rate(train, 256).learning_rate, 0.123456789) << "as written";
}

TEST(ScaleLearningRate, NamesTheRuleBothBatchesAndBothRates) {
  Plan plan = plan_with(512);
  scale_learning_rate(plan, open_train());
  const Choice* rate = plan.find("train.learning_rate");
  ASSERT_TRUE(rate);
  EXPECT_EQ(rate->value, 0.00141421);
  EXPECT_EQ(rate->origin, Origin::measured);
  EXPECT_EQ(
      rate->reason,
      "square-root rule of adamw: 0.001, written for an effective batch of 256, x sqrt(512/256) = 0.00141421 for 512");
  plan.choices[0].value = 256;  // replaced, not added
  scale_learning_rate(plan, open_train());
  EXPECT_EQ(plan.choices.size(), 2u);
  EXPECT_EQ(plan.find("train.learning_rate")->value, 0.001);
  EXPECT_THAT(plan.find("train.learning_rate")->reason, AllOf(HasSubstr("as written"), HasSubstr("square-root rule")));
}

TEST(ScaleLearningRate, LeavesTheRateOfAFixedEffectiveBatchAlone) {
  Plan plan = plan_with(512);
  scale_learning_rate(plan, TrainConfig());
  EXPECT_FALSE(plan.find("train.learning_rate"));
}

TEST(ScaleLearningRate, APlanFillsTheRateOnlyWithTheEffectiveBatch) {
  Plan plan = Plan(plan_with(512));
  scale_learning_rate(plan, open_train());
  RunConfig open;
  open.train = open_train();
  const RunConfig applied = apply(open, plan);
  EXPECT_EQ(applied.train.effective_batch_size, 512);
  EXPECT_EQ(applied.train.learning_rate, 0.00141421);
  EXPECT_EQ(apply(applied, plan).train.learning_rate, 0.00141421) << "once";
  const RunConfig fixed = apply({}, plan);
  EXPECT_EQ(fixed.train.effective_batch_size, 256);
  EXPECT_EQ(fixed.train.learning_rate, 0.001);
}

class EffectiveBatchConfig : public test::ConfigTest {};

TEST_F(EffectiveBatchConfig, TakesAutoAndChecksNoProductThen) {
  EXPECT_FALSE(load(image, {"train.effective_batch_size=auto"}).train.effective_batch_size.has_value());
  EXPECT_FALSE(load(image + "train: {effective_batch_size: auto, batch_size: 96, gradient_accumulation_steps: 5}\n")
                   .train.effective_batch_size.has_value());
  EXPECT_EQ(errors(image, {"train.effective_batch_size=automatic"}),
            "command line: train.effective_batch_size=automatic: 'automatic' is not an integer; expected an integer "
            "from 1 to 1073741824, or auto");
}

}  // namespace
}  // namespace tlaunch
