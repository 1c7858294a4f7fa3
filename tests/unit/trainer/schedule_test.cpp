#include "trainer/setup/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace tlaunch {
namespace {

TrainConfig with(ScheduleKind kind) {
  TrainConfig train;
  train.schedule = kind;
  train.learning_rate = 0.4;
  return train;
}

using Rates = std::vector<std::pair<int, double>>;  // step, learning rate

TEST(Schedule, WarmupRisesLinearlyAndEndsAtTheFullRate) {
  const ScheduleSpan span{.total_steps = 100, .steps_per_epoch = 10, .warmup_steps = 4};
  for (const ScheduleKind kind : {ScheduleKind::cosine, ScheduleKind::constant}) {
    const TrainConfig train = with(kind);
    for (const auto& [step, rate] : Rates{{0, 0.1}, {1, 0.2}, {2, 0.3}, {3, 0.4}, {4, 0.4}}) {
      EXPECT_DOUBLE_EQ(learning_rate_at(train, span, step), rate) << "step " << step;
    }
  }
}

// torch.optim.lr_scheduler.CosineAnnealingLR(T_max = 20), eta_min 0, by its recursive formula.
TEST(Schedule, CosineFollowsPyTorchsCosineAnnealing) {
  const TrainConfig train = with(ScheduleKind::cosine);
  const ScheduleSpan span{.total_steps = 20, .steps_per_epoch = 5, .warmup_steps = 0};
  double rate = 0.4;
  for (int step = 0; step < 20; ++step) {
    EXPECT_NEAR(learning_rate_at(train, span, step), rate, 1e-14) << "step " << step;
    rate *= (1 + std::cos(std::numbers::pi * (step + 1) / 20)) / (1 + std::cos(std::numbers::pi * step / 20));
  }
}

TEST(Schedule, CosineAfterWarmupSpansTheRestOfTheRunAndEndsAtZero) {
  const TrainConfig train = with(ScheduleKind::cosine);
  const ScheduleSpan span{.total_steps = 110, .steps_per_epoch = 10, .warmup_steps = 10};
  EXPECT_DOUBLE_EQ(learning_rate_at(train, span, 10), 0.4);
  EXPECT_NEAR(learning_rate_at(train, span, 60), 0.2, 1e-15);
  EXPECT_NEAR(learning_rate_at(train, span, 35), 0.2 * (1 + std::sqrt(0.5)), 1e-15);
  EXPECT_GT(learning_rate_at(train, span, 109), 0);
  EXPECT_DOUBLE_EQ(learning_rate_at(train, span, 110), 0);
  EXPECT_DOUBLE_EQ(learning_rate_at(train, span, 200), 0);
}

TEST(Schedule, StepDropsByGammaAtEachEpochThatStepEpochsDivides) {
  TrainConfig train = with(ScheduleKind::step);
  train.step_epochs = 3;
  train.step_gamma = 0.5;
  const ScheduleSpan span{.total_steps = 100, .steps_per_epoch = 10, .warmup_steps = 0};
  for (const auto& [step, rate] : Rates{{0, 0.4}, {29, 0.4}, {30, 0.2}, {59, 0.2}, {60, 0.1}, {99, 0.05}}) {
    EXPECT_DOUBLE_EQ(learning_rate_at(train, span, step), rate) << "step " << step;
  }
}

TEST(Schedule, ConstantStays) {
  const TrainConfig train = with(ScheduleKind::constant);
  EXPECT_DOUBLE_EQ(learning_rate_at(train, {.total_steps = 50, .steps_per_epoch = 10, .warmup_steps = 0}, 49), 0.4);
}

TEST(Schedule, ARunShorterThanItsWarmupOnlyRises) {
  const TrainConfig train = with(ScheduleKind::cosine);
  const ScheduleSpan span{.total_steps = 3, .steps_per_epoch = 3, .warmup_steps = 10};
  EXPECT_DOUBLE_EQ(learning_rate_at(train, span, 2), 0.4 * 3 / 10);
}

TEST(Schedule, AutomaticWarmupIsAFewPercentOfTheRunAndBounded) {
  TrainConfig train;
  EXPECT_EQ(warmup_steps(train, 10), 0);
  EXPECT_EQ(warmup_steps(train, 400), 20);
  EXPECT_EQ(warmup_steps(train, 1'000'000), 100);
  train.warmup_steps = 7;
  EXPECT_EQ(warmup_steps(train, 1'000'000), 7);
  train.warmup_steps = 0;
  EXPECT_EQ(warmup_steps(train, 400), 0);
}

}  // namespace
}  // namespace tlaunch
