#include "estimate/step_time.h"

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

// Steps of 0.1 s, plus or minus `share`, for `seconds`.
std::vector<StepInterval> steps_for(double seconds, double share) {
  std::vector<StepInterval> intervals;
  for (int i = 0; i < static_cast<int>(seconds * 10); ++i)
    intervals.push_back({i / 10 % 2 ? 0.1 * (1 + share) : 0.1 * (1 - share), 1});
  return intervals;
}

TEST(StepTime, WhatWasExpectedFadesAsStepsAreSeen) {
  const TimeRange expected{0.045, 0.05, 0.055};
  double before = expected.likely_s;
  for (const double seen_s : {0.5, 2.0, 8.0, 60.0, 600.0}) {
    const TimeRange now = blended(expected, steps_for(seen_s, 0.1));
    EXPECT_GT(now.likely_s, before) << seen_s;
    EXPECT_LE(now.low_s, now.likely_s);
    EXPECT_LE(now.likely_s, now.high_s);
    before = now.likely_s;
  }
  EXPECT_NEAR(before, 0.1, 0.001);
}

TEST(StepTime, AMomentOfStepsChangesLittle) {
  EXPECT_NEAR(blended({0.09, 0.095, 0.1}, steps_for(0.5, 0)).likely_s, 0.095, 0.001);
}

TEST(StepTime, AnExpectationOutlastsAPaceThatWavers) {
  const TimeRange expected{0.075, 0.08, 0.085};
  EXPECT_GT(blended(expected, steps_for(8, 0)).likely_s, blended(expected, steps_for(8, 0.5)).likely_s + 0.002);
}

}  // namespace
}  // namespace tlaunch
