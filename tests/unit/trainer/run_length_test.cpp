#include "trainer/run_length.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "trainer/smoke.h"

namespace tlaunch {
namespace {

RunConfig config() {
  RunConfig config;
  config.train.epochs = 3;
  config.eval.every_n_epochs = 1;
  config.checkpoint.every_n_epochs = 2;
  return config;
}

TEST(RunLength, CountsEpochsInSteps) {
  const auto length = run_length(config(), 234);
  EXPECT_EQ(length.total_steps, 702);
  EXPECT_EQ(length.steps_per_evaluation, 234);
  EXPECT_EQ(length.steps_per_checkpoint, 468);
}

TEST(RunLength, RoundsKimgUpToWholeSteps) {
  auto asked = config();
  asked.train.epochs.reset();
  asked.train.kimg = 300;
  asked.train.effective_batch_size = 256;
  asked.eval.every_n_epochs.reset();
  asked.eval.every_n_kimg = 50;
  const auto length = run_length(asked, 781);
  EXPECT_EQ(length.total_steps, 1172);  // 300,000 / 256 = 1171.9
  EXPECT_EQ(length.steps_per_evaluation, 196);
}

TEST(SmokeSteps, FillSixtyPercentOfTheBudget) {
  EXPECT_EQ(smoke_steps(0.1, 60, 10000), 360);
  EXPECT_EQ(smoke_steps(0.1, 60, 100), 100) << "never more than an epoch has";
  EXPECT_EQ(smoke_steps(100, 60, 100), 2) << "at least two";
  EXPECT_EQ(smoke_steps(100, 60, 1), 1);
  EXPECT_EQ(smoke_steps(0.1, 0, 777), 777) << "no budget: not shortened";
}

TEST(SmokePlan, ReadsBothPartsAndRefusesGarbage) {
  EXPECT_FALSE(smoke_plan_from(""));
  const auto first = smoke_plan_from(R"({"epochs": 2, "epoch_budget_s": 30})");
  EXPECT_EQ(first->epochs, 2);
  EXPECT_EQ(first->epoch_budget_s, 30);
  const auto second = smoke_plan_from(R"({"steps_per_epoch": 9, "stop_step": 14})");
  EXPECT_EQ(second->steps_per_epoch, 9);
  EXPECT_EQ(second->stop_step, 14);
  EXPECT_THROW(smoke_plan_from("{"), UsageError);
  EXPECT_THROW(smoke_plan_from(R"({"epochs": "two"})"), UsageError);
}

}  // namespace
}  // namespace tlaunch
