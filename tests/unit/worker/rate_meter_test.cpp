#include "worker/rate_meter.h"

#include <gtest/gtest.h>

namespace tlaunch {
namespace {

TEST(RateMeter, AnIntervalLeavesPausesOut) {
  RateMeter meter;
  meter.start(100, 1000);
  meter.after_step(101, 1002);
  meter.pause(5);
  meter.after_step(102, 1009);
  EXPECT_EQ(meter.interval(102, 1009).steps, 2);
  EXPECT_DOUBLE_EQ(meter.interval(102, 1009).seconds, 4);
  meter.next_interval(102, 1009);
  EXPECT_EQ(meter.interval(105, 1012).steps, 3);
  EXPECT_DOUBLE_EQ(meter.interval(105, 1012).seconds, 3);
}

// Ten slow steps of 2 s, then steps of 1 s, with a pause of 30 s after step 15.
TEST(RateMeter, TheSteadyPartBeginsAfterTheWarmUp) {
  RateMeter meter;
  double now_s = 50;
  meter.start(0, now_s);
  for (std::int64_t step = 1; step <= 20; ++step) {
    now_s += step <= RateMeter::warm_steps ? 2 : 1;
    meter.after_step(step, now_s);
    if (step == 5 || step == 15) {
      now_s += 30;
      meter.pause(30);
    }
  }
  EXPECT_EQ(meter.steady(20, now_s).steps, 10);
  EXPECT_DOUBLE_EQ(meter.steady(20, now_s).seconds, 10);
  EXPECT_DOUBLE_EQ(meter.session_s(now_s), 90);
}

TEST(RateMeter, ASessionThatDidNotWarmUpIsTakenWhole) {
  RateMeter meter;
  meter.start(7, 10);
  meter.after_step(8, 12);
  meter.pause(3);
  EXPECT_EQ(meter.steady(8, 15).steps, 1);
  EXPECT_DOUBLE_EQ(meter.steady(8, 15).seconds, 5);
}

TEST(RateMeter, ARunThatWentBackWarmsUpAgain) {
  RateMeter meter;
  meter.start(0, 0);
  for (std::int64_t step = 1; step <= 12; ++step) meter.after_step(step, static_cast<double>(step));
  meter.restart(4, 20);
  EXPECT_EQ(meter.interval(5, 21).steps, 1);
  EXPECT_DOUBLE_EQ(meter.interval(5, 21).seconds, 1);
  for (std::int64_t step = 5; step <= 16; ++step) meter.after_step(step, static_cast<double>(16 + step));
  EXPECT_EQ(meter.steady(16, 32).steps, 2);
  EXPECT_DOUBLE_EQ(meter.steady(16, 32).seconds, 2);
  EXPECT_DOUBLE_EQ(meter.session_s(32), 32);
}

}  // namespace
}  // namespace tlaunch
