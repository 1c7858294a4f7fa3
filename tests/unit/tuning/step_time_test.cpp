#include "tuning/step_time.h"

#include <gtest/gtest.h>

namespace tlaunch {
namespace {

TEST(StepTime, NothingFromNothing) { EXPECT_FALSE(step_time_of({})); }

TEST(StepTime, LikelyIsAllTimeOverAllSteps) {
  // (2 + 9) s over (10 + 30) steps.
  EXPECT_DOUBLE_EQ(step_time_of({{2, 10}, {9, 30}})->likely_s, 0.275);
}

TEST(StepTime, OneIntervalSaysLittleSoItsRangeIsWide) {
  const TimeRange step = *step_time_of({{10, 100}});
  EXPECT_DOUBLE_EQ(step.likely_s, 0.1);
  EXPECT_DOUBLE_EQ(step.low_s, 0.1 * 0.78);  // 2 % + 20 %
  EXPECT_DOUBLE_EQ(step.high_s, 0.1 * 1.22);
}

TEST(StepTime, ManyEqualIntervalsNarrowTheRangeToItsFloor) {
  const TimeRange step = *step_time_of(std::vector<StepInterval>(100, {1, 10}));
  EXPECT_NEAR(step.likely_s, 0.1, 1e-12);
  EXPECT_NEAR(step.low_s, 0.1 * (1 - 0.022), 1e-12);  // 2 % + 20 % / 100
  EXPECT_NEAR(step.high_s, 0.1 * (1 + 0.022), 1e-12);
}

TEST(StepTime, APaceThatChangesWidensTheRange) {
  std::vector<StepInterval> intervals(50, {1, 10});
  intervals.insert(intervals.end(), 50, {2, 10});
  const TimeRange step = *step_time_of(intervals);
  EXPECT_DOUBLE_EQ(step.likely_s, 0.15);
  EXPECT_DOUBLE_EQ(step.low_s, 0.1);
  EXPECT_DOUBLE_EQ(step.high_s, 0.2);
}

TEST(StepTime, NoiseFromIntervalToIntervalDoesNot) {
  std::vector<StepInterval> intervals;
  for (int i = 0; i < 200; ++i) intervals.push_back({i % 2 == 0 ? 0.5 : 1.5, 10});
  EXPECT_LT(step_time_of(intervals)->high_s, 0.105);
}

TEST(StepTime, AMachinePutToSleepIsNotPartOfThePace) {
  std::vector<StepInterval> intervals(20, {10, 100});
  intervals[7].seconds = 8 * 3600;
  EXPECT_NEAR(step_time_of(intervals)->likely_s, 0.1, 1e-12);
}

TEST(StepTime, ShortStallsArePartOfThePace) {
  std::vector<StepInterval> intervals(20, {1, 10});
  intervals[7].seconds = 21;  // 20 s lost: 40 s over 200 steps
  EXPECT_DOUBLE_EQ(step_time_of(intervals)->likely_s, 0.2);
}

}  // namespace
}  // namespace tlaunch
