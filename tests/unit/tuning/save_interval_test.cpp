#include "tuning/search/save_interval.h"

#include <gtest/gtest.h>

namespace tlaunch {
namespace {

TEST(SaveInterval, YoungsFormulaWithAFailureADay) {
  EXPECT_NEAR(save_interval_s(0.5), 293.9, 0.1);  // sqrt(2 * 0.5 * 86400)
  EXPECT_NEAR(save_interval_s(2), 587.9, 0.1);
}

TEST(SaveInterval, NeverOverOnePercentOfTheTime) {
  EXPECT_NEAR(save_interval_s(17.28), 1728, 0.1);  // where the two meet
  EXPECT_NEAR(save_interval_s(60), 6000, 0.1);     // Young would save every 3220 s
}

TEST(SaveInterval, RoundStepsNeverFewerThanWanted) {
  EXPECT_EQ(save_interval_steps(0.5, 0.1), 5000);  // 2939 wanted
  EXPECT_EQ(save_interval_steps(0.5, 0.3), 1000);  // 980
  EXPECT_EQ(save_interval_steps(0.5, 500), 1);
  EXPECT_EQ(save_interval_steps(1e6, 1e-6), 1'000'000'000);
}

}  // namespace
}  // namespace tlaunch
