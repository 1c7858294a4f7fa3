#include "trainer/loop/smoke.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tlaunch {
namespace {

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
