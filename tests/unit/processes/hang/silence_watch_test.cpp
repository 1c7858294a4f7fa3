// When a plain program is reported to hang. One second in these tests is one tick.
#include "processes/hang/silence_watch.h"

#include <gtest/gtest.h>

namespace tlaunch {
namespace {

// Whether the program counts as hung within that many more seconds of silence.
bool hangs_within(SilenceWatch& watch, double& now, double seconds, char state = 'S') {
  for (const double end = now + seconds; now < end;)
    if (watch.tick(now += 1, {{0, state}, {1, 'S'}})) return true;
  return false;
}

TEST(SilenceWatch, BeforeTheFirstOutputAMinuteIsAllowedWhateverTheLimit) {
  SilenceWatch watch(5);
  double now = 1000;
  EXPECT_FALSE(hangs_within(watch, now, 58));
  EXPECT_TRUE(hangs_within(watch, now, 10));
  SilenceWatch patient(300);
  EXPECT_FALSE(hangs_within(patient, now, 298)) << "a longer limit holds from the start";
}

TEST(SilenceWatch, FromTheFirstOutputOnTheLimitHolds) {
  SilenceWatch watch(5);
  double now = 1000;
  ASSERT_FALSE(hangs_within(watch, now, 30));
  watch.on_output();
  EXPECT_FALSE(hangs_within(watch, now, 5));
  const auto reason = watch.tick(now += 1, {{0, 'S'}, {1, 'S'}});
  ASSERT_TRUE(reason);
  EXPECT_EQ(*reason, "no output of any rank for 6 s");
}

TEST(SilenceWatch, ADebuggersHandsAreNoOutput) {
  SilenceWatch watch(5);
  double now = 1000;
  EXPECT_FALSE(hangs_within(watch, now, 3600, 't'));
  EXPECT_FALSE(hangs_within(watch, now, 58)) << "it is in its start-up still";
  EXPECT_TRUE(hangs_within(watch, now, 10));
}

}  // namespace
}  // namespace tlaunch
