#include "processes/group/restart_policy.h"

#include <gmock/gmock.h>

namespace tlaunch {
namespace {

using testing::HasSubstr;

constexpr double middle = 0.5;  // no jitter

AttemptEnd crashed_at(std::int64_t saved_step) { return {139, saved_step}; }

TEST(RestartPolicy, WaitsLongerTheLongerNothingIsSavedAndStartsAgainWithProgress) {
  RestartPolicy policy(10, std::nullopt);
  EXPECT_EQ(policy.after(crashed_at(100), middle).wait_s, 1);
  EXPECT_EQ(policy.after(crashed_at(200), middle).wait_s, 1);
  EXPECT_EQ(policy.after(crashed_at(200), middle).wait_s, 1);
  EXPECT_EQ(policy.after(crashed_at(300), middle).wait_s, 1);
  RestartPolicy plain(10, std::nullopt, /*knows_progress=*/false);
  for (const double wait_s : {1, 2, 4, 8, 16, 32, 60, 60}) EXPECT_EQ(plain.after({1, {}}, middle).wait_s, wait_s);
}

TEST(RestartPolicy, JitterIsHalfToOneAndAHalf) {
  EXPECT_EQ(RestartPolicy(1, {}).after(crashed_at(1), 0).wait_s, 0.5);
  EXPECT_EQ(RestartPolicy(1, {}).after(crashed_at(1), 1).wait_s, 1.5);
}

TEST(RestartPolicy, TwoAttemptsInARowWithoutANewCheckpointAreEnough) {
  RestartPolicy policy(10, 50);
  EXPECT_TRUE(policy.after(crashed_at(50), middle).wait_s);
  const auto second = policy.after(crashed_at(50), middle);
  EXPECT_FALSE(second.wait_s);
  EXPECT_THAT(second.why_not, HasSubstr("two attempts in a row"));
}

TEST(RestartPolicy, NoMoreThanAsked) {
  RestartPolicy policy(2, std::nullopt);
  EXPECT_TRUE(policy.after(crashed_at(1), middle).wait_s);
  EXPECT_TRUE(policy.after(crashed_at(2), middle).wait_s);
  const auto third = policy.after(crashed_at(3), middle);
  EXPECT_FALSE(third.wait_s);
  EXPECT_THAT(third.why_not, HasSubstr("restart 2 of 2"));
  EXPECT_FALSE(RestartPolicy(0, {}).after(crashed_at(1), middle).wait_s);
}

TEST(RestartPolicy, WhatWouldBeTheSameAgainIsNotTriedAgain) {
  for (const int code : {2, 64, 65, 74, 78, 126, 127}) {
    const auto decision = RestartPolicy(5, {}).after({code, 100}, middle);
    EXPECT_FALSE(decision.wait_s) << code;
    EXPECT_THAT(decision.why_not, HasSubstr(std::to_string(code)));
  }
  for (const int code : {1, 7, 124, 134, 137, 139}) EXPECT_TRUE(RestartPolicy(5, {}).after({code, 100}, middle).wait_s);
}

TEST(RestartPolicy, WhatIsNoFailureIsNoMatterOfRestarts) {
  for (const AttemptEnd& end : {AttemptEnd{0, 5}, AttemptEnd{75, 5}}) {
    const auto decision = RestartPolicy(5, {}).after(end, middle);
    EXPECT_FALSE(decision.wait_s);
    EXPECT_EQ(decision.why_not, "");
  }
}

}  // namespace
}  // namespace tlaunch
