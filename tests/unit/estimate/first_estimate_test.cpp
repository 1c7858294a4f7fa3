#include "estimate/first_estimate.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tlaunch {
namespace {

// 4 s of start-up, then 0.2 s a step.
EtaEstimator first_steps() {
  EtaEstimator eta(1000, 0);
  for (int i = 1; i <= 4; ++i) eta.on_step(1004 + 2 * i, 10 * i);
  return eta;
}

TEST(FirstEstimate, NothingBeforeTheRateIsKnown) {
  EtaEstimator eta(0, 0);
  EXPECT_FALSE(first_estimate(eta, {.steps = 100}));
  eta.on_step(5, 10);
  EXPECT_FALSE(first_estimate(eta, {.steps = 100}));
}

TEST(FirstEstimate, AddsUpStartUpStepsEvaluationsAndCheckpoints) {
  const SessionWork work{.steps = 2000,
                         .evaluations = 10,
                         .checkpoints = 11,
                         .samples_per_step = 256,
                         .samples_val = 9600,
                         .checkpoint_bytes = 30'000'000,
                         .async_saves = false};
  const TimeEstimate estimate = *first_estimate(first_steps(), work);
  EXPECT_NEAR(estimate.parts.at("start_up").likely_s, 4, 1e-9);
  EXPECT_NEAR(estimate.parts.at("steps").likely_s, 400, 1e-9);        // 2000 x 0.2 s
  EXPECT_NEAR(estimate.parts.at("evaluation").likely_s, 25, 1e-9);    // 10 x 9600 / (256 / 0.2 per s) / 3
  EXPECT_NEAR(estimate.parts.at("checkpoints").likely_s, 2.2, 1e-9);  // 11 x (0.05 + 0.15 s)
  EXPECT_NEAR(estimate.likely_s, 431.2, 1e-9);
  // 3 intervals: 2 % + 20 % / 3 of the steps, half and twice of what was only predicted.
  EXPECT_NEAR(estimate.low_s, 4 + 400 * (0.98 - 0.2 / 3) + 12.5 + 1.1, 1e-9);
  EXPECT_NEAR(estimate.high_s, 4 + 400 * (1.02 + 0.2 / 3) + 50 + 4.4, 1e-9);
}

TEST(FirstEstimate, AnEvaluationSeenReplacesThePrediction) {
  EtaEstimator eta = first_steps();
  eta.on_evaluation(7);
  const SessionWork work{.steps = 1, .evaluations = 10, .samples_per_step = 256, .samples_val = 9600};
  EXPECT_NEAR(first_estimate(eta, work)->parts.at("evaluation").likely_s, 70, 1e-9);
}

TEST(FirstEstimate, AnUnknownValidationSetCostsNothingYet) {
  EXPECT_DOUBLE_EQ(predicted_evaluation_s(0, 256, 0.2), 0);
  EXPECT_DOUBLE_EQ(predicted_evaluation_s(9600, 0, 0.2), 0);
}

// 100 MB: written in 0.55 s, copied in 0.02 s.
SessionWork saves(std::int64_t steps, std::int64_t checkpoints) {
  return {.steps = steps, .checkpoints = checkpoints, .checkpoint_bytes = 100'000'000};
}

TEST(FirstEstimate, TrainingPaysForTheCopyWhileTheRestIsWrittenBesideIt) {
  // Every 10 steps, 2 s: each is written before the next; the last one is waited for.
  EXPECT_NEAR(first_estimate(first_steps(), saves(1000, 100))->parts.at("checkpoints").likely_s, 100 * 0.02 + 0.55,
              1e-9);
  auto synchronous = saves(1000, 100);
  synchronous.async_saves = false;
  EXPECT_NEAR(first_estimate(first_steps(), synchronous)->parts.at("checkpoints").likely_s, 100 * 0.55, 1e-9);
}

TEST(FirstEstimate, SavesThatComeFasterThanTheyAreWrittenAreWaitedFor) {
  // Every step, 0.2 s: each but the first waits 0.35 s for the one before it.
  EXPECT_NEAR(first_estimate(first_steps(), saves(100, 100))->parts.at("checkpoints").likely_s,
              100 * 0.02 + 99 * 0.35 + 0.55, 1e-9);
}

TEST(FirstEstimate, TheOnlySaveIsAtTheEndAndIsWaitedFor) {
  EXPECT_NEAR(first_estimate(first_steps(), saves(1000, 1))->parts.at("checkpoints").likely_s, 0.02 + 0.55, 1e-9);
  EXPECT_DOUBLE_EQ(predicted_save_stall_s({.steps = 1000}, 0.2), 0) << "nothing is saved";
}

TEST(FirstEstimate, ACheckpointHoldsTheOptimizersStateToo) {
  RunConfig config;
  config.train.optimizer = OptimizerKind::adamw;
  EXPECT_EQ(predicted_checkpoint_bytes(1000, config), 12'000u);
  config.model.dtype = FloatType::float64;
  EXPECT_EQ(predicted_checkpoint_bytes(1000, config), 24'000u);
  config.model.dtype = FloatType::float32;
  config.train.optimizer = OptimizerKind::sgd;
  EXPECT_EQ(predicted_checkpoint_bytes(1000, config), 4'000u);
  config.train.momentum = 0.9;
  EXPECT_EQ(predicted_checkpoint_bytes(1000, config), 8'000u);
}

RC_GTEST_PROP(FirstEstimateProperty, InOrderAndPartsAddUp, ()) {
  const SessionWork work{.steps = *rc::gen::inRange(0, 1'000'000),
                         .evaluations = *rc::gen::inRange(0, 1000),
                         .checkpoints = *rc::gen::inRange(0, 1000),
                         .samples_per_step = *rc::gen::inRange(1, 10'000),
                         .samples_val = *rc::gen::inRange(0, 1'000'000),
                         .checkpoint_bytes = *rc::gen::inRange<std::uint64_t>(0, 10'000'000'000),
                         .async_saves = *rc::gen::arbitrary<bool>()};
  const TimeEstimate estimate = *first_estimate(first_steps(), work);
  RC_ASSERT(estimate.low_s <= estimate.likely_s && estimate.likely_s <= estimate.high_s);
  double sum = 0;
  for (const auto& [name, time] : estimate.parts) sum += time.likely_s;
  RC_ASSERT(std::abs(sum - estimate.likely_s) <= 1e-9 * (1 + sum));
}

}  // namespace
}  // namespace tlaunch
