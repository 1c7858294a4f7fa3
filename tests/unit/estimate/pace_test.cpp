#include "estimate/pace.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tlaunch {
namespace {

TEST(PaceOfARehearsal, LeavesOutTheFirstVisitAndCountsAllMicroBatches) {
  TrialSettings settings;
  settings.accumulation = 8;
  const TrialSpec spec = rehearsal(settings, 2);
  EXPECT_EQ(spec.candidates[0].accumulation, 4);
  EXPECT_TRUE(spec.with_loader && spec.whole_run);
  TrialResult result;
  result.candidates = {{{0.001, 0.1, 0.1, 0.1}, {0.9, 0.2, 0.2, 0.2}, 0, 0, 4}};
  const auto pace = pace_of(spec, result, 8);
  ASSERT_TRUE(pace);
  EXPECT_NEAR(pace->step.likely_s, 0.2, 1e-9);
  EXPECT_NEAR(pace->wait_share, 0.2, 1e-9);
  const Pace again = pace_from_json(to_json(*pace));
  EXPECT_EQ(again.step.likely_s, pace->step.likely_s);
  EXPECT_THROW(pace_from_json(Json::object()), DataError);
  result.outcome = TrialOutcome::out_of_memory;
  EXPECT_FALSE(pace_of(spec, result, 8));
}

}  // namespace
}  // namespace tlaunch
