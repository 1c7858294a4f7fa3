#include "estimate/cost_observer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

namespace tlaunch {
namespace {

double sum(const TimeEstimate& estimate) {
  return std::accumulate(estimate.parts.begin(), estimate.parts.end(), 0.0,
                         [](double total, const auto& part) { return total + part.second.likely_s; });
}

// The remaining time, added up as the tracker does.
std::optional<TimeEstimate> remaining(const CostObserver& observer, const Work& work, const Costs& expected = {}) {
  if (!observer.step_time()) return std::nullopt;
  return estimate_time(work, observer.observed(expected));
}

// 10 steps per second, with an event every 10 steps, from `step` on.
void steady(CostObserver& observer, double t_s, std::int64_t step, int events) {
  for (int i = 0; i <= events; ++i) observer.on_step(t_s + i, step + 10 * i);
}

TEST(CostObserver, TheTenDayLogOfTheDeepLogTeam) {
  const double start_s = 21 * 3600 + 42 * 60 + 42;
  CostObserver observer(start_s, 805'000);
  EXPECT_FALSE(remaining(observer, {5'702'600 - 805'000, 0, 0}));
  observer.on_step(22 * 3600 + 17 * 60 + 47, 805'000);
  EXPECT_FALSE(remaining(observer, {5'702'600 - 805'000, 0, 0}));
  EXPECT_DOUBLE_EQ(observer.start_up_s(), 35 * 60 + 5);
  observer.on_step(23 * 3600 + 52 * 60 + 27, 843'200);

  ASSERT_TRUE(observer.step_time_s());
  EXPECT_NEAR(*observer.step_time_s(), 0.1487, 0.00005);
  const auto left = remaining(observer, {5'702'600 - 843'200, 0, 0});
  ASSERT_TRUE(left);
  EXPECT_NEAR(left->likely_s / 3600, 200.7, 0.05);
  EXPECT_DOUBLE_EQ(observer.start_up_s(), 35 * 60 + 5);
  EXPECT_DOUBLE_EQ(left->parts.at("start_up").likely_s, 0);
}

TEST(CostObserver, TheSameLogWithAnEventEach100Steps) {
  CostObserver observer(0, 805'000);
  for (int i = 0; i <= 382; ++i) observer.on_step(2105 + 5680.0 * i / 382, 805'000 + 100 * i);
  const auto left = remaining(observer, {4'859'400, 0, 0});
  EXPECT_NEAR(left->likely_s / 3600, 200.7, 0.05);
  EXPECT_GT(left->low_s / 3600, 195);  // steady: a narrow range
  EXPECT_LT(left->high_s / 3600, 206);
}

TEST(CostObserver, FirstSlowStepsAreStartUpNotPace) {
  CostObserver observer(100, 0);
  observer.on_step(108, 1);   // 8 s until the first step is done
  observer.on_step(112, 10);  // choosing algorithms
  steady(observer, 113, 20, 5);
  EXPECT_DOUBLE_EQ(*observer.step_time_s(), 0.1);
  // 12 s until step 10, of which 10 steps at 0.1 s are work.
  EXPECT_NEAR(observer.start_up_s(), 11, 1e-9);
}

TEST(CostObserver, EvaluationsAndCheckpointsAreTakenOutOfTheRateAndAddedInParts) {
  CostObserver observer(0, 0);
  steady(observer, 5, 10, 3);  // t = 8, step 40
  observer.on_evaluation(30);
  observer.on_save(2);
  observer.on_step(41, 50);  // 33 s later: 32 s of them paused
  EXPECT_NEAR(*observer.step_time_s(), 0.1, 1e-9);
  const auto left = remaining(observer, {100, 3, 2});
  EXPECT_NEAR(left->parts.at("steps").likely_s, 10, 1e-9);
  EXPECT_DOUBLE_EQ(left->parts.at("evaluation").likely_s, 90);
  EXPECT_DOUBLE_EQ(left->parts.at("checkpoints").likely_s, 4);
  EXPECT_NEAR(left->likely_s, 104, 1e-9);
}

TEST(CostObserver, ExpectedCostsCountUntilOneIsSeen) {
  CostObserver observer(0, 0);
  steady(observer, 5, 10, 3);
  const Work work{0, 2, 0};
  Costs expected;
  expected.evaluation = guessed(7);
  EXPECT_DOUBLE_EQ(remaining(observer, work, expected)->parts.at("evaluation").likely_s, 14);
  EXPECT_DOUBLE_EQ(remaining(observer, work, expected)->high_s, 28);
  observer.on_evaluation(5);
  EXPECT_DOUBLE_EQ(remaining(observer, work, expected)->parts.at("evaluation").likely_s, 10);
}

TEST(CostObserver, NothingLeftIsZeroAndNeverLess) {
  CostObserver observer(0, 805'000);
  steady(observer, 5, 805'010, 3);
  EXPECT_DOUBLE_EQ(remaining(observer, {0, 0, 0})->likely_s, 0);
  Costs expected;
  expected.evaluation = expected.save_stall = guessed(3);
  EXPECT_DOUBLE_EQ(remaining(observer, {-500, -1, -1}, expected)->high_s, 0);
}

TEST(CostObserver, AGroupRestartedFromAnOlderCheckpointKeepsItsPace) {
  CostObserver observer(0, 0);
  steady(observer, 5, 10, 10);  // step 110
  observer.on_step(200, 60);    // restarted: 185 s gone, 50 steps back
  EXPECT_DOUBLE_EQ(*observer.step_time_s(), 0.1);
  steady(observer, 201, 70, 5);
  EXPECT_NEAR(*observer.step_time_s(), 0.1, 1e-12);
  EXPECT_NEAR(remaining(observer, {100, 0, 0})->likely_s, 10, 1e-9);
}

TEST(CostObserver, AClockSetBackDoesNotMakeTimeNegative) {
  CostObserver observer(1000, 0);
  steady(observer, 1005, 10, 3);
  observer.on_step(500, 50);
  steady(observer, 501, 60, 3);
  EXPECT_NEAR(*observer.step_time_s(), 0.1, 1e-12);
  EXPECT_GE(observer.start_up_s(), 0);
}

TEST(CostObserver, APaceThatChangedForGoodIsBelieved) {
  CostObserver observer(0, 0);
  steady(observer, 10, 10, 600);
  double t_s = 610;
  std::int64_t step = 6010;
  for (int i = 0; i < 600; ++i) observer.on_step(t_s += 3, step += 10);
  EXPECT_NEAR(*observer.step_time_s(), 0.3, 1e-9);
}

// A random session: intervals of random length, with pauses.
CostObserver any_session() {
  CostObserver observer(0, 1000);
  double t_s = *rc::gen::inRange(0, 5000);
  std::int64_t step = 1000 + *rc::gen::inRange(5, 50);
  observer.on_step(t_s, step);
  const auto intervals = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(1, 100'000), rc::gen::inRange(1, 1000))));
  for (const auto& [milliseconds, steps] : intervals) {
    const double pause_s = *rc::gen::inRange(0, 100) / 10.0;
    if (*rc::gen::arbitrary<bool>())
      observer.on_evaluation(pause_s);
    else
      observer.on_save(pause_s);
    observer.on_step(t_s += pause_s + milliseconds / 1000.0, step += steps);
  }
  return observer;
}

Work any_work() { return {*rc::gen::inRange(0, 1'000'000), *rc::gen::inRange(0, 100), *rc::gen::inRange(0, 100)}; }

Costs any_costs() {
  Costs costs;
  costs.evaluation = guessed(*rc::gen::inRange(0, 100) / 10.0);
  costs.save_stall = guessed(*rc::gen::inRange(0, 100) / 10.0);
  return costs;
}

RC_GTEST_PROP(CostObserverProperty, LowLikelyHighInOrderAndPartsAddUp, ()) {
  const auto left = remaining(any_session(), any_work(), any_costs());
  RC_ASSERT(left.has_value());
  RC_ASSERT(0 <= left->low_s && left->low_s <= left->likely_s && left->likely_s <= left->high_s);
  RC_ASSERT(std::abs(sum(*left) - left->likely_s) <= 1e-9 * (1 + left->likely_s));
}

RC_GTEST_PROP(CostObserverProperty, MoreStepsNeverTakeLess, ()) {
  const CostObserver observer = any_session();
  Work work = any_work();
  const Costs costs = any_costs();
  const TimeEstimate less = *remaining(observer, work, costs);
  work.steps += *rc::gen::inRange(0, 1'000'000);
  const TimeEstimate more = *remaining(observer, work, costs);
  RC_ASSERT(less.low_s <= more.low_s && less.likely_s <= more.likely_s && less.high_s <= more.high_s);
}

RC_GTEST_PROP(CostObserverProperty, StepsDoneBeforeTheSessionChangeNothing, ()) {
  const auto earlier = *rc::gen::inRange<std::int64_t>(0, 10'000'000);
  CostObserver fresh(0, 0), resumed(0, earlier);
  double t_s = 0;
  std::int64_t step = 0;
  for (int i = 0; i < 10; ++i) {
    t_s += *rc::gen::inRange(1, 100);
    step += *rc::gen::inRange(5, 100);
    fresh.on_step(t_s, step);
    resumed.on_step(t_s, earlier + step);
  }
  RC_ASSERT(remaining(fresh, {1000, 0, 0})->likely_s == remaining(resumed, {1000, 0, 0})->likely_s);
  RC_ASSERT(fresh.start_up_s() == resumed.start_up_s());
}

}  // namespace
}  // namespace tlaunch
