#include "tuning/disturbance.h"

#include <gmock/gmock.h>

namespace tlaunch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TrialResult timed(std::vector<std::vector<double>> candidates) {
  TrialResult result;
  for (auto& times : candidates) result.candidates.push_back({std::move(times), {}, 0, 0, 0});
  return result;
}

TEST(Disturbance, AQuietMachineIsBelieved) {
  EXPECT_EQ(disturbance(CpuLoad{0.03, 0.1}, 0.08), "");
  EXPECT_EQ(disturbance(std::nullopt, 0), "") << "where nothing is known";
}

TEST(Disturbance, OtherWorkIsNamedWithItsShare) {
  EXPECT_EQ(disturbance(CpuLoad{0.34, 0.02}, 0.1), "other work took 34.0 % of the cores' time");
  EXPECT_THAT(disturbance(CpuLoad{0.34, 0.02}, 0.41),
              AllOf(HasSubstr("took 34.0 %"), HasSubstr("the times of equal steps differ by 41.0 %")));
}

TEST(Disturbance, WorkOnCoresThatNobodyElseWantsIsNone) { EXPECT_EQ(disturbance(CpuLoad{0.3, 0.6}, 0.1), ""); }

TEST(Disturbance, ASpreadAloneIsEnough) {
  EXPECT_EQ(disturbance(std::nullopt, 0.5), "the times of equal steps differ by 50.0 %");
  EXPECT_EQ(disturbance(std::nullopt, 7.5), "the times of equal steps differ by 7.5 times their median");
}

TEST(Spread, IsThatOfTheMiddleCandidate) {
  const std::vector<double> even{1, 1, 1, 1, 1, 1, 1, 9}, uneven{1, 1, 1, 1, 2, 2, 2, 2};
  EXPECT_DOUBLE_EQ(spread_of({timed({even})}), 0) << "one stalled visit is none";
  EXPECT_NEAR(spread_of({timed({uneven})}), 1 / 1.5, 1e-9);
  EXPECT_NEAR(spread_of({timed({even, even}), timed({uneven})}), 0, 1e-9);
}

TEST(Spread, FailedTrialsAndFewTimesTellNothing) {
  TrialResult failed = timed({{1, 1, 5, 5}});
  failed.outcome = TrialOutcome::crashed;
  EXPECT_EQ(spread_of({}), 0);
  EXPECT_EQ(spread_of({failed, timed({{1, 5}}), timed({{}})}), 0);
}

}  // namespace
}  // namespace tlaunch
