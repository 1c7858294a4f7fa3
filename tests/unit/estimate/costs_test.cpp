#include "estimate/costs.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tlaunch {
namespace {

constexpr TimeRange step{0.19, 0.2, 0.22};

// The estimate that a session's first steps make.
TimeEstimate estimate(const Work& work, const SessionSizes& sizes) {
  return estimate_time(work, guessed_costs(sizes, work, step));
}

TEST(EstimateTime, IsWorkTimesCostsByPart) {
  const Costs costs{.step = {1, 2, 4},
                    .data_wait = 0.25,
                    .evaluation = {3, 4, 5},
                    .save_stall = exactly(0.5),
                    .start_up_s = 7,
                    .finish_s = 9};
  const TimeEstimate time = estimate_time({.steps = 10, .evaluations = 2, .saves = 3}, costs);
  EXPECT_DOUBLE_EQ(time.parts.at("start_up").likely_s, 7);
  EXPECT_DOUBLE_EQ(time.parts.at("steps").likely_s, 15);
  EXPECT_DOUBLE_EQ(time.parts.at("data_wait").high_s, 10);
  EXPECT_DOUBLE_EQ(time.parts.at("evaluation").low_s, 6);
  EXPECT_DOUBLE_EQ(time.parts.at("checkpoints").likely_s, 1.5);
  EXPECT_DOUBLE_EQ(time.parts.at("finish").likely_s, 9);
  EXPECT_DOUBLE_EQ(time.low_s, 7 + 10 + 6 + 1.5 + 9);
  EXPECT_DOUBLE_EQ(time.likely_s, 7 + 20 + 8 + 1.5 + 9);
  EXPECT_DOUBLE_EQ(time.high_s, 7 + 40 + 10 + 1.5 + 9);
}

TEST(EstimateTime, LeavesOutWhatIsNotToldApartOrTakesNoTime) {
  const TimeEstimate time = estimate_time({.steps = 1}, {.step = exactly(1)});
  EXPECT_FALSE(time.parts.contains("data_wait"));
  EXPECT_FALSE(time.parts.contains("finish"));
  EXPECT_EQ(time.likely_s, 1);
}

TEST(CostsOf, AnEstimateGivesBackWhatEachCosts) {
  const Work work{.steps = 10, .evaluations = 2, .saves = 4};
  const Costs costs{.step = {1, 2, 4}, .data_wait = 0.25, .evaluation = exactly(3), .save_stall = exactly(0.5)};
  const Costs again = costs_of(estimate_time(work, costs), work).value();
  EXPECT_DOUBLE_EQ(again.step.low_s, 1);
  EXPECT_DOUBLE_EQ(again.step.high_s, 4);
  EXPECT_DOUBLE_EQ(again.evaluation.likely_s, 3);
  EXPECT_DOUBLE_EQ(again.evaluation.high_s, 6) << "measured once: perhaps twice as much";
  EXPECT_DOUBLE_EQ(again.save_stall.likely_s, 0.5);
  EXPECT_FALSE(costs_of(estimate_time(work, costs), {}));
}

TEST(GuessedCosts, AddUpStepsEvaluationsAndCheckpoints) {
  const Work work{.steps = 2000, .evaluations = 10, .saves = 11};
  const TimeEstimate time =
      estimate(work, {.samples_per_step = 256, .val_samples = 9600, .save_bytes = 30'000'000, .async_saves = false});
  EXPECT_NEAR(time.parts.at("steps").likely_s, 400, 1e-9);        // 2000 x 0.2 s
  EXPECT_NEAR(time.parts.at("evaluation").likely_s, 25, 1e-9);    // 10 x 9600 / (256 / 0.2 per s) / 3
  EXPECT_NEAR(time.parts.at("checkpoints").likely_s, 2.2, 1e-9);  // 11 x (0.05 + 0.15 s)
  EXPECT_NEAR(time.likely_s, 427.2, 1e-9);
  // Predicted costs have a range from half to twice.
  EXPECT_NEAR(time.low_s, 380 + 12.5 + 1.1, 1e-9);
  EXPECT_NEAR(time.high_s, 440 + 50 + 4.4, 1e-9);
}

TEST(GuessedCosts, AnUnknownValidationSetCostsNothingYet) {
  EXPECT_DOUBLE_EQ(guessed_costs({.samples_per_step = 256}, {}, step).evaluation.high_s, 0);
  EXPECT_DOUBLE_EQ(guessed_costs({.val_samples = 9600}, {}, step).evaluation.high_s, 0);
}

// 100 MB: written in 0.55 s, copied in 0.02 s.
double saving_s(std::int64_t steps, std::int64_t saves, bool async_saves = true) {
  return estimate({.steps = steps, .saves = saves}, {.save_bytes = 100'000'000, .async_saves = async_saves})
      .parts.at("checkpoints")
      .likely_s;
}

TEST(GuessedCosts, TrainingPaysForTheCopyWhileTheRestIsWrittenBesideIt) {
  // A save every 10 steps, 2 s: each is written before the next one. Training waits only for the last one.
  EXPECT_NEAR(saving_s(1000, 100), 100 * 0.02 + 0.55, 1e-9);
  EXPECT_NEAR(saving_s(1000, 100, false), 100 * 0.55, 1e-9);
}

TEST(GuessedCosts, SavesThatComeFasterThanTheyAreWrittenAreWaitedFor) {
  // A save every step, 0.2 s: each except the first waits 0.35 s for the previous one.
  EXPECT_NEAR(saving_s(100, 100), 100 * 0.02 + 99 * 0.35 + 0.55, 1e-9);
}

TEST(GuessedCosts, TheOnlySaveIsAtTheEndAndIsWaitedFor) {
  EXPECT_NEAR(saving_s(1000, 1), 0.02 + 0.55, 1e-9);
  EXPECT_DOUBLE_EQ(saving_s(1000, 0), 0) << "nothing is saved";
}

TEST(GuessedCosts, ACheckpointHoldsTheOptimizersStateToo) {
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

RC_GTEST_PROP(GuessedCostsProperty, InOrderAndPartsAddUp, ()) {
  const Work work{.steps = *rc::gen::inRange(0, 1'000'000),
                  .evaluations = *rc::gen::inRange(0, 1000),
                  .saves = *rc::gen::inRange(0, 1000)};
  const TimeEstimate time = estimate(work, {.samples_per_step = *rc::gen::inRange(1, 10'000),
                                            .val_samples = *rc::gen::inRange(0, 1'000'000),
                                            .save_bytes = *rc::gen::inRange<std::uint64_t>(0, 10'000'000'000),
                                            .async_saves = *rc::gen::arbitrary<bool>()});
  RC_ASSERT(time.low_s <= time.likely_s && time.likely_s <= time.high_s);
  double sum = 0;
  for (const auto& [name, part] : time.parts) sum += part.likely_s;
  RC_ASSERT(std::abs(sum - time.likely_s) <= 1e-9 * (1 + sum));
}

}  // namespace
}  // namespace tlaunch
