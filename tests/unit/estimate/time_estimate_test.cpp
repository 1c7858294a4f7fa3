#include "estimate/time_estimate.h"

#include <gtest/gtest.h>

namespace tlaunch {
namespace {

TEST(TimeEstimate, JsonHasRangeAndParts) {
  TimeEstimate estimate{{1, 2, 3}, {{"steps", {1, 1.5, 2}}, {"start_up", {0.5, 0.5, 0.5}}}};
  EXPECT_EQ(to_json(estimate).dump(),
            R"({"low_s":1.0,"likely_s":2.0,"high_s":3.0,"parts":{"start_up":0.5,"steps":1.5},)"
            R"("part_ranges":{"start_up":{"low_s":0.5,"high_s":0.5},"steps":{"low_s":1.0,"high_s":2.0}}})");
}

TEST(TimeEstimate, APartIsAddedToTheWhole) {
  const TimeEstimate estimate = with_part(with_part({}, "steps", {1, 2, 3}), "steps", exactly(4));
  EXPECT_EQ(estimate.parts.at("steps").low_s, 5);
  EXPECT_EQ(estimate.likely_s, 6);
  EXPECT_EQ(estimate.high_s, 7);
}

}  // namespace
}  // namespace tlaunch
