#include "config/cadence.h"

#include <gtest/gtest.h>

namespace tlaunch {
namespace {

TEST(TimesLeft, CountsTheStepsThatFallDueAndTheEnd) {
  EXPECT_EQ(times_left(250, 0, 60), 5);
  EXPECT_EQ(times_left(240, 0, 60), 4) << "the end is one of them";
  EXPECT_EQ(times_left(240, 240, 60), 0);
}

TEST(TimesLeftByClock, CountsTheMinutesAndTheEnd) {
  EXPECT_EQ(times_left_by_clock(10'000, 3600, 10), 7);
  EXPECT_EQ(times_left_by_clock(10'000, 599, 10), 1);
  EXPECT_EQ(times_left_by_clock(10'000, 90, 0.5), 4);
  EXPECT_EQ(times_left_by_clock(10'000, 0, 10), 1) << "how long it takes is not known";
}

TEST(TimesLeftByClock, NeverMoreOftenThanThereAreSteps) {
  EXPECT_EQ(times_left_by_clock(5, 3600, 0.001), 5);
  EXPECT_EQ(times_left_by_clock(5, 1e300, 1e-300), 5);
  EXPECT_EQ(times_left_by_clock(0, 3600, 10), 0);
}

}  // namespace
}  // namespace tlaunch
