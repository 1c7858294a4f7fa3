#include "launcher/estimate/eta_tracker.h"

#include <gmock/gmock.h>

namespace tlaunch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// A session of 250 steps whose command began 10 s before it: 8 s of tuning were spent, and 40 s were estimated.
class PlannedSession : public testing::Test {
 protected:
  PlannedSession() : tracker_(1000, RunConfig{}, {990, estimate(), {{"tuning", 10}}, {}}) {
    feed({{"t", 1002.0},
          {"event", "start"},
          {"rank", 0},
          {"train_samples", 1000},
          {"steps_per_epoch", 250},
          {"total_steps", 250},
          {"start_step", 0},
          {"effective_batch_size", 4}});
    reports_.clear();
  }

  static TimeEstimate estimate() {
    TimeEstimate made{-3, 0, 4, {}};
    for (const auto& [part, seconds] : std::map<std::string, double>{
             {"tuning", 10}, {"start_up", 2}, {"steps", 24}, {"data_wait", 1}, {"evaluation", 2}, {"finish", 1}})
      made = with_part(made, part, seconds);
    return made;
  }

  void feed(const Json& event) {
    record_.on_event(event);
    reports_.push_back(tracker_.on_event(event, record_));
  }

  // Steps from `first` to `last`, each of `step_time_s`, after `t_s`.
  double train(std::int64_t first, std::int64_t last, double step_time_s, double t_s) {
    for (std::int64_t step = first; step <= last; ++step)
      feed({{"t", t_s += step_time_s}, {"event", "step"}, {"rank", 0}, {"step", step}});
    return t_s;
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> found;
    for (const EtaReport& report : reports_)
      if (!report.left_estimate.empty()) found.push_back(report.left_estimate);
    return found;
  }

  RunRecord record_;
  EtaTracker tracker_;
  std::vector<EtaReport> reports_;
};

TEST_F(PlannedSession, ProjectsTheWholeCommandAndMakesNoOtherEstimate) {
  train(1, 100, 0.1, 1002);
  const EtaReport& last = reports_.back();
  ASSERT_TRUE(last.remaining);
  EXPECT_NEAR(last.remaining->likely_s, 15 + 1, 0.01);  // and the finish
  EXPECT_NEAR(last.projected_s, 22 + 16, 0.01);
  for (const EtaReport& report : reports_) EXPECT_FALSE(report.first);
  EXPECT_EQ(tracker_.first()->likely_s, 40);
  EXPECT_TRUE(lines().empty());
}

TEST_F(PlannedSession, LeavingTheEstimateIsToldOnceAndWithItsCause) {
  const double t_s = train(1, 60, 0.1, 1002);
  EXPECT_TRUE(lines().empty());
  train(61, 200, 0.3, t_s);
  ASSERT_EQ(lines().size(), 1u);
  EXPECT_THAT(lines()[0], AllOf(HasSubstr("not the estimated 37 s to 44 s"), HasSubstr("the steps take"),
                                HasSubstr("instead of 25 s")));
}

TEST_F(PlannedSession, OneSlowIntervalAtTheBeginningIsNoReason) {
  feed({{"t", 1002.4}, {"event", "step"}, {"rank", 0}, {"step", 6}});
  feed({{"t", 1002.52}, {"event", "step"}, {"rank", 0}, {"step", 7}});
  EXPECT_TRUE(lines().empty());
}

TEST_F(PlannedSession, TheBooksAddUp) {
  double t_s = train(1, 100, 0.1, 1002.5);
  feed({{"t", t_s += 3}, {"event", "eval"}, {"rank", 0}, {"step", 100}, {"seconds", 3.0}});
  feed({{"t", t_s += 0.5}, {"event", "checkpoint"}, {"rank", 0}, {"step", 100}, {"stall_s", 0.5}, {"seconds", 2.0}});
  t_s = train(101, 250, 0.1, t_s);
  feed({{"t", t_s += 2}, {"event", "eval"}, {"rank", 0}, {"step", 250}, {"seconds", 2.0}});
  const auto spent = tracker_.spent(t_s + 1.5);
  EXPECT_NEAR(spent.at("start_up"), 2.5, 0.01);
  EXPECT_NEAR(spent.at("steps"), 25, 0.01);
  EXPECT_NEAR(spent.at("evaluation"), 5, 1e-9);
  EXPECT_NEAR(spent.at("checkpoints"), 0.5, 1e-9);
  EXPECT_NEAR(spent.at("finish"), 1.5, 1e-6);
  double all_s = 0;
  for (const auto& [part, seconds] : spent) all_s += seconds;
  EXPECT_NEAR(all_s, t_s + 1.5 - 1000, 1e-6);
}

// 250 steps of which an estimate says 0.1 s each, 0.09 to 0.11.
struct ExpectedSession {
  RunRecord record;
  EtaTracker tracker{
      1000, RunConfig{}, {990, with_part({}, "steps", 25), {}, ExpectedCosts{{0.09, 0.1, 0.11}, 0, 0}}};

  EtaReport feed(const Json& event) {
    record.on_event(event);
    return tracker.on_event(event, record);
  }
  EtaReport start() {
    return feed({{"t", 1002.0},
                 {"event", "start"},
                 {"rank", 0},
                 {"train_samples", 1000},
                 {"steps_per_epoch", 250},
                 {"total_steps", 250},
                 {"start_step", 0},
                 {"effective_batch_size", 4}});
  }
};

TEST(EtaTracker, TheFirstEtaIsWhatWasEstimated) {
  ExpectedSession session;
  const EtaReport first = session.start();
  ASSERT_TRUE(first.remaining);
  EXPECT_TRUE(first.announce);
  EXPECT_NEAR(first.remaining->likely_s, 25, 1e-9);
  EXPECT_NEAR(first.remaining->low_s, 22.5, 1e-9);
}

TEST(EtaTracker, StepsSoonSayMoreThanTheEstimate) {
  ExpectedSession session;
  session.start();
  double t_s = 1002;
  const auto steps_until = [&](std::int64_t begin, std::int64_t end, double step_s) {
    EtaReport last;
    for (std::int64_t step = begin; step <= end; ++step)
      last = session.feed({{"t", t_s += step_s}, {"event", "step"}, {"rank", 0}, {"step", step}});
    return last.remaining->likely_s;
  };
  EXPECT_LT(steps_until(1, 8, 0.12), 242 * 0.105) << "of a moment of slow steps not much follows";
  EXPECT_NEAR(steps_until(9, 200, 0.3), 50 * 0.3, 1) << "of a minute all does";
}

TEST(EtaTracker, BeforeTheFirstStepAllIsStartUp) {
  EXPECT_EQ(EtaTracker(1000, RunConfig{}, {}).spent(1007).at("start_up"), 7);
}

}  // namespace
}  // namespace tlaunch
