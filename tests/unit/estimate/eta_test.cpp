#include "estimate/eta.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

namespace tlaunch {
namespace {

double sum(const TimeEstimate& estimate) {
  return std::accumulate(estimate.parts.begin(), estimate.parts.end(), 0.0,
                         [](double total, const auto& part) { return total + part.second.likely_s; });
}

// 10 steps a second, an event each 10 steps, from `step` on.
void steady(EtaEstimator& eta, double t_s, std::int64_t step, int events) {
  for (int i = 0; i <= events; ++i) eta.on_step(t_s + i, step + 10 * i);
}

TEST(Eta, TheTenDayLogOfTheDeepLogTeam) {
  const double start_s = 21 * 3600 + 42 * 60 + 42;
  EtaEstimator eta(start_s, 805'000);
  EXPECT_FALSE(eta.remaining({5'702'600 - 805'000, 0, 0}));
  eta.on_step(22 * 3600 + 17 * 60 + 47, 805'000);
  EXPECT_FALSE(eta.remaining({5'702'600 - 805'000, 0, 0}));
  EXPECT_DOUBLE_EQ(eta.start_up_s(), 35 * 60 + 5);
  eta.on_step(23 * 3600 + 52 * 60 + 27, 843'200);

  ASSERT_TRUE(eta.step_time_s());
  EXPECT_NEAR(*eta.step_time_s(), 0.1487, 0.00005);
  const auto left = eta.remaining({5'702'600 - 843'200, 0, 0});
  ASSERT_TRUE(left);
  EXPECT_NEAR(left->likely_s / 3600, 200.7, 0.05);
  EXPECT_DOUBLE_EQ(eta.start_up_s(), 35 * 60 + 5);
  EXPECT_DOUBLE_EQ(left->parts.at("start_up").likely_s, 0);
}

TEST(Eta, TheSameLogWithAnEventEach100Steps) {
  EtaEstimator eta(0, 805'000);
  for (int i = 0; i <= 382; ++i) eta.on_step(2105 + 5680.0 * i / 382, 805'000 + 100 * i);
  const auto left = eta.remaining({4'859'400, 0, 0});
  EXPECT_NEAR(left->likely_s / 3600, 200.7, 0.05);
  EXPECT_GT(left->low_s / 3600, 195);  // steady: a narrow range
  EXPECT_LT(left->high_s / 3600, 206);
}

TEST(Eta, FirstSlowStepsAreStartUpNotPace) {
  EtaEstimator eta(100, 0);
  eta.on_step(108, 1);   // 8 s until the first step is done
  eta.on_step(112, 10);  // choosing algorithms
  steady(eta, 113, 20, 5);
  EXPECT_DOUBLE_EQ(*eta.step_time_s(), 0.1);
  // 12 s until step 10, of which 10 steps at 0.1 s are work.
  EXPECT_NEAR(eta.start_up_s(), 11, 1e-9);
}

TEST(Eta, EvaluationsAndCheckpointsAreTakenOutOfTheRateAndAddedInParts) {
  EtaEstimator eta(0, 0);
  steady(eta, 5, 10, 3);  // t = 8, step 40
  eta.on_evaluation(30);
  eta.on_checkpoint(2);
  eta.on_step(41, 50);  // 33 s later: 32 s of them paused
  EXPECT_NEAR(*eta.step_time_s(), 0.1, 1e-9);
  const auto left = eta.remaining({100, 3, 2});
  EXPECT_NEAR(left->parts.at("steps").likely_s, 10, 1e-9);
  EXPECT_DOUBLE_EQ(left->parts.at("evaluation").likely_s, 90);
  EXPECT_DOUBLE_EQ(left->parts.at("checkpoints").likely_s, 4);
  EXPECT_NEAR(left->likely_s, 104, 1e-9);
}

TEST(Eta, ExpectedCostsCountUntilOneIsSeen) {
  EtaEstimator eta(0, 0);
  steady(eta, 5, 10, 3);
  RemainingWork work{0, 2, 0, 7, 0};
  EXPECT_DOUBLE_EQ(eta.remaining(work)->parts.at("evaluation").likely_s, 14);
  EXPECT_DOUBLE_EQ(eta.remaining(work)->high_s, 28);
  eta.on_evaluation(5);
  EXPECT_DOUBLE_EQ(eta.remaining(work)->parts.at("evaluation").likely_s, 10);
}

TEST(Eta, NothingLeftIsZeroAndNeverLess) {
  EtaEstimator eta(0, 805'000);
  steady(eta, 5, 805'010, 3);
  EXPECT_DOUBLE_EQ(eta.remaining({0, 0, 0})->likely_s, 0);
  EXPECT_DOUBLE_EQ(eta.remaining({-500, -1, -1, 3, 3})->high_s, 0);
}

TEST(Eta, AGroupRestartedFromAnOlderCheckpointKeepsItsPace) {
  EtaEstimator eta(0, 0);
  steady(eta, 5, 10, 10);  // step 110
  eta.on_step(200, 60);    // restarted: 185 s gone, 50 steps back
  EXPECT_DOUBLE_EQ(*eta.step_time_s(), 0.1);
  steady(eta, 201, 70, 5);
  EXPECT_NEAR(*eta.step_time_s(), 0.1, 1e-12);
  EXPECT_NEAR(eta.remaining({100, 0, 0})->likely_s, 10, 1e-9);
}

TEST(Eta, AClockSetBackDoesNotMakeTimeNegative) {
  EtaEstimator eta(1000, 0);
  steady(eta, 1005, 10, 3);
  eta.on_step(500, 50);
  steady(eta, 501, 60, 3);
  EXPECT_NEAR(*eta.step_time_s(), 0.1, 1e-12);
  EXPECT_GE(eta.start_up_s(), 0);
}

TEST(Eta, APaceThatChangedForGoodIsBelieved) {
  EtaEstimator eta(0, 0);
  steady(eta, 10, 10, 600);
  double t_s = 610;
  std::int64_t step = 6010;
  for (int i = 0; i < 600; ++i) eta.on_step(t_s += 3, step += 10);
  EXPECT_NEAR(*eta.step_time_s(), 0.3, 1e-9);
}

// Any session: intervals of random length, pauses among them.
EtaEstimator any_session() {
  EtaEstimator eta(0, 1000);
  double t_s = *rc::gen::inRange(0, 5000);
  std::int64_t step = 1000 + *rc::gen::inRange(5, 50);
  eta.on_step(t_s, step);
  const auto intervals = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(1, 100'000), rc::gen::inRange(1, 1000))));
  for (const auto& [milliseconds, steps] : intervals) {
    const double pause_s = *rc::gen::inRange(0, 100) / 10.0;
    if (*rc::gen::arbitrary<bool>())
      eta.on_evaluation(pause_s);
    else
      eta.on_checkpoint(pause_s);
    eta.on_step(t_s += pause_s + milliseconds / 1000.0, step += steps);
  }
  return eta;
}

RemainingWork any_work() {
  return {*rc::gen::inRange(0, 1'000'000), *rc::gen::inRange(0, 100), *rc::gen::inRange(0, 100),
          *rc::gen::inRange(0, 100) / 10.0, *rc::gen::inRange(0, 100) / 10.0};
}

RC_GTEST_PROP(EtaProperty, LowLikelyHighInOrderAndPartsAddUp, ()) {
  const auto left = any_session().remaining(any_work());
  RC_ASSERT(left.has_value());
  RC_ASSERT(0 <= left->low_s && left->low_s <= left->likely_s && left->likely_s <= left->high_s);
  RC_ASSERT(std::abs(sum(*left) - left->likely_s) <= 1e-9 * (1 + left->likely_s));
}

RC_GTEST_PROP(EtaProperty, MoreStepsNeverTakeLess, ()) {
  const EtaEstimator eta = any_session();
  RemainingWork work = any_work();
  const TimeEstimate less = *eta.remaining(work);
  work.steps += *rc::gen::inRange(0, 1'000'000);
  const TimeEstimate more = *eta.remaining(work);
  RC_ASSERT(less.low_s <= more.low_s && less.likely_s <= more.likely_s && less.high_s <= more.high_s);
}

RC_GTEST_PROP(EtaProperty, StepsDoneBeforeTheSessionChangeNothing, ()) {
  const auto earlier = *rc::gen::inRange<std::int64_t>(0, 10'000'000);
  EtaEstimator fresh(0, 0), resumed(0, earlier);
  double t_s = 0;
  std::int64_t step = 0;
  for (int i = 0; i < 10; ++i) {
    t_s += *rc::gen::inRange(1, 100);
    step += *rc::gen::inRange(5, 100);
    fresh.on_step(t_s, step);
    resumed.on_step(t_s, earlier + step);
  }
  RC_ASSERT(fresh.remaining({1000, 0, 0})->likely_s == resumed.remaining({1000, 0, 0})->likely_s);
  RC_ASSERT(fresh.start_up_s() == resumed.start_up_s());
}

}  // namespace
}  // namespace tlaunch
