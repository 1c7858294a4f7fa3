#include "processes/group/time_limit.h"

#include <gmock/gmock.h>

#include <csignal>

#include "base/clock.h"
#include "base/error.h"
#include "launcher/run/stop_reserve.h"
#include "processes/group/group_result.h"
#include "tests/support/decoded.h"

namespace tlaunch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(TimeLimit, NoneIsNeverOver) {
  const TimeLimit none;
  EXPECT_FALSE(none.over(1e9));
  EXPECT_FALSE(none.stop_is_due(1e9));
  EXPECT_EQ(none.shortfall(1e9), "");
}

TEST(TimeLimit, CountsFromTheStartAndAStopBeginsInItsSecondHalfAtTheSoonest) {
  const double now_s = monotonic_s();
  EXPECT_TRUE(TimeLimit("1h", now_s - 3601).over());
  const TimeLimit half_hour_left("1h", now_s - 1800 + 60);
  EXPECT_FALSE(half_hour_left.over());
  EXPECT_TRUE(half_hour_left.over(1900));
  EXPECT_FALSE(half_hour_left.stop_is_due(1800));
  EXPECT_FALSE(half_hour_left.stop_is_due(1e6)) << "a run whose save takes an hour trains for half of it at least";
  EXPECT_TRUE(TimeLimit("1h", now_s - 3595).stop_is_due(10));
  EXPECT_FALSE(TimeLimit("1h", now_s - 3580).stop_is_due(10));
  EXPECT_THROW(TimeLimit("soon", 0), UsageError);
}

TEST(TimeLimit, ARunThatCannotBeDoneIsToldOfWithBothTimes) {
  const TimeLimit limit("90s", monotonic_s());
  EXPECT_EQ(limit.shortfall(89), "");
  EXPECT_THAT(limit.shortfall(200), AllOf(HasSubstr("90s"), HasSubstr("3 min 20 s"), HasSubstr("--resume auto")));
}

Json event(const std::string& name, Json fields) {
  fields["event"] = name;
  return fields;
}

TEST(StopReserve, IsNothingBeforeTheFirstStepAndGrowsWithStepsAndSaves) {
  StopReserve reserve(30);
  EXPECT_EQ(reserve.seconds(), 0);
  reserve.on_event(test::decoded(event("start", {{"effective_batch_size", 100}, {"checkpoint_bytes", 400'000'000}})));
  const double by_size = reserve.seconds();
  EXPECT_GE(by_size, 2) << "400 MB on a slow disk";
  reserve.on_event(test::decoded(event("checkpoint", {{"seconds", 0.01}})));
  EXPECT_LT(reserve.seconds(), 1) << "this disk is fast";
  reserve.on_event(test::decoded(event("step", {{"samples_per_s", 50.0}})));  // two seconds a step
  EXPECT_GE(reserve.seconds(), 2 * 2 + 0.01);
  reserve.on_event(test::decoded(event("checkpoint", {{"seconds", 3.0}})));
  reserve.on_event(test::decoded(event("checkpoint", {{"seconds", 1.0}})));
  EXPECT_GE(reserve.seconds(), 2 * 2 + 3) << "the longest save counts";
  reserve.on_event(test::decoded(event("checkpoint", {{"seconds", 500.0}})));
  EXPECT_EQ(reserve.seconds(), 30) << "the grace is all that a save gets";
}

// The exit code of a program whose ranks were stopped because the time was up.
int code_of(std::vector<RankEnd> ends) {
  static const std::vector<WorkerSpec> workers(2);
  GroupRecord record{workers, std::move(ends), {}, false, SIGTERM, true, {}};
  return group_result(std::move(record), nullptr, [](int) { return std::vector<std::string>(); }).exit_code;
}

RankEnd ended(int rank, int wait_status, bool before_stop = false) {
  RankEnd end;
  end.rank = rank;
  end.wait_status = wait_status;
  end.before_stop = before_stop;
  return end;
}

TEST(OutOfTime, AProgramEndsWith75UnlessItHasAFailureOfItsOwnOrWasDone) {
  EXPECT_EQ(code_of({ended(0, SIGTERM), ended(1, SIGKILL)}), 75);
  EXPECT_EQ(code_of({ended(0, 0), ended(1, 0)}), 75) << "they may have saved, and may want to continue";
  EXPECT_EQ(code_of({ended(0, 0, true), ended(1, SIGTERM)}), 75);
  EXPECT_EQ(code_of({ended(0, 143 << 8), ended(1, 0)}), 75) << "a shell's word for SIGTERM";
  EXPECT_EQ(code_of({ended(0, 0), ended(1, 3 << 8)}), 3);
  EXPECT_EQ(code_of({ended(0, 0, true), ended(1, 0, true)}), 0);
}

}  // namespace
}  // namespace tlaunch
