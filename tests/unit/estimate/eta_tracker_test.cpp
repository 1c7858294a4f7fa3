#include "estimate/eta_tracker.h"
#include "tests/support/decoded.h"

#include <gmock/gmock.h>

namespace tlaunch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// A session of 250 steps whose command began 10 s earlier: tuning took 8 s, and the estimate is 40 s.
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
    TimeEstimate made{{-3, 0, 4}, {}};
    for (const auto& [part, seconds] : std::map<std::string, double>{
             {"tuning", 10}, {"start_up", 2}, {"steps", 24}, {"data_wait", 1}, {"evaluation", 2}, {"finish", 1}})
      made = with_part(made, part, exactly(seconds));
    return made;
  }

  void feed(const Json& event) {
    record_.on_event(test::decoded(event));
    reports_.push_back(tracker_.on_event(test::decoded(event), record_));
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

// 250 steps with an estimate of 0.1 s each, 0.09 to 0.11.
struct ExpectedSession {
  RunRecord record;
  EtaTracker tracker{
      1000, RunConfig{}, {990, with_part({}, "steps", exactly(25)), {}, Costs{.step = {0.09, 0.1, 0.11}}}};

  EtaReport feed(const Json& event) {
    record.on_event(test::decoded(event));
    return tracker.on_event(test::decoded(event), record);
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

// Two epochs of 50 steps of 0.1 s. As estimated, an evaluation takes 4 s and a save 0.5 s, and 1 s follows.
class SessionWithEvaluations : public testing::Test {
 protected:
  static TimeEstimate estimate() {
    TimeEstimate made;
    for (const auto& [part, seconds] :
         std::map<std::string, double>{{"steps", 10}, {"evaluation", 8}, {"checkpoints", 1}, {"finish", 1}})
      made = with_part(made, part, exactly(seconds));
    return made;
  }

  static Costs expected() {
    return {.step = {0.095, 0.1, 0.105}, .evaluation = guessed(4), .save_stall = guessed(0.5)};
  }

  void start(const Json& more = Json::object()) {
    Json event{{"t", 1000.0},
               {"event", "start"},
               {"rank", 0},
               {"steps_per_epoch", 50},
               {"total_steps", 100},
               {"start_step", 0},
               {"val_samples", 10},
               {"effective_batch_size", 4},
               {"steps_per_evaluation", 50},
               {"steps_per_checkpoint", 50}};
    event.update(more);
    feed(event);
  }
  EtaReport feed(const Json& event) {
    record_.on_event(test::decoded(event));
    const EtaReport report = tracker_.on_event(test::decoded(event), record_);
    if (!report.left_estimate.empty()) alarms_.push_back(report.left_estimate);
    return report;
  }
  EtaReport step(double t_s, std::int64_t step) {
    return feed({{"t", t_s}, {"event", "step"}, {"rank", 0}, {"step", step}});
  }
  EtaReport steps(double t_s, std::int64_t first, std::int64_t last) {
    EtaReport report;
    for (std::int64_t i = first; i <= last; ++i) report = step(t_s + 0.1 * static_cast<double>(i - first + 1), i);
    return report;
  }
  EtaReport evaluation(double t_s, std::int64_t step, double seconds = 4) {
    return feed({{"t", t_s}, {"event", "eval"}, {"rank", 0}, {"step", step}, {"seconds", seconds}});
  }
  void save(double t_s, std::int64_t step) {
    feed({{"t", t_s}, {"event", "checkpoint"}, {"rank", 0}, {"step", step}, {"stall_s", 0.5}});
  }
  std::string line(double t_s, const std::string& phase = "") const { return tracker_.line(t_s, record_, phase).text; }

  RunRecord record_;
  EtaTracker tracker_{1000, RunConfig{}, {1000, estimate(), {}, expected()}};
  std::vector<std::string> alarms_;
};

TEST_F(SessionWithEvaluations, AnEvaluationThatIsDueIsStillToCome) {
  start();
  EXPECT_NEAR(steps(1000, 1, 49).remaining->likely_s, 5.1 + 8 + 1 + 1, 0.2);
  EXPECT_NEAR(step(1005, 50).remaining->likely_s, 5 + 8 + 1 + 1, 0.2) << "the first evaluation has not begun";
  EXPECT_NEAR(evaluation(1009, 50).remaining->likely_s, 5 + 4 + 1 + 1, 0.2);
}

TEST_F(SessionWithEvaluations, TheLastStepIsFollowedByAnEvaluationASaveAndTheFinish) {
  start();
  steps(1000, 1, 50);
  evaluation(1009, 50);
  save(1009.5, 50);
  EXPECT_NEAR(steps(1009.5, 51, 100).remaining->likely_s, 4 + 0.5 + 1, 0.1);
  EXPECT_NEAR(evaluation(1018.5, 100).remaining->likely_s, 0.5 + 1, 0.1);
  EXPECT_TRUE(alarms_.empty()) << alarms_[0];
}

TEST_F(SessionWithEvaluations, ARunThatEndsBetweenTwoEvaluationsMakesOneAtItsEnd) {
  start({{"total_steps", 75}, {"steps_per_checkpoint", 1000}});
  steps(1000, 1, 50);
  evaluation(1009, 50);
  EXPECT_NEAR(steps(1009, 51, 75).remaining->likely_s, 4 + 0.5 + 1, 0.1);
}

TEST_F(SessionWithEvaluations, ASaveByTheClockIsStillToComeAtTheEnd) {
  RunConfig config;
  config.checkpoint.every_minutes = 5;
  tracker_ = EtaTracker(1000, config, {1000, estimate(), {}, expected()});
  start({{"steps_per_checkpoint", 0}});
  steps(1000, 1, 99);
  EXPECT_NEAR(step(1010, 100).remaining->parts.at("checkpoints").likely_s, 0.5, 1e-9);
}

TEST_F(SessionWithEvaluations, AnEvaluationThatTheStoppedRunLeftIsCounted) {
  start({{"start_step", 50}, {"evaluation_due", true}});
  EXPECT_NEAR(
      tracker_.on_event(test::decoded({{"t", 1000.0}, {"event", "start"}, {"rank", 0}}), record_).remaining->likely_s,
      5 + 8 + 1 + 1, 0.1);
}

TEST_F(SessionWithEvaluations, StepsThatAreDoneAgainBringTheirEvaluationsAgain) {
  start();
  steps(1000, 1, 50);
  evaluation(1009, 50);
  steps(1009, 51, 60);
  EXPECT_NEAR(step(1011, 41).remaining->parts.at("evaluation").likely_s, 8, 1e-9) << "back to step 40";
}

TEST_F(SessionWithEvaluations, TheLineCountsDownWhileAnEvaluationIsUnderWay) {
  start();
  steps(1000, 1, 50);
  evaluation(1009, 50);
  save(1009.5, 50);
  steps(1009.5, 51, 100);  // the last one at 1014.5
  EXPECT_EQ(line(1014.6), "ETA 5 s");
  EXPECT_EQ(line(1016.6), "ETA 3 s");
  EXPECT_EQ(line(1018.4), "ETA 2 s");
  EXPECT_EQ(line(1021), "finishing: evaluation") << "it takes longer than expected: no ETA that stands still";
  evaluation(1022, 100, 7.5);
  EXPECT_EQ(line(1022.1), "ETA 1 s");
  EXPECT_EQ(line(1022.8), "ETA under 1 s");
  EXPECT_EQ(line(1025, "save"), "finishing: saving");
  EXPECT_EQ(line(1025, "detection"), "finishing: detection");
}

TEST_F(SessionWithEvaluations, AnEvaluationThatIsLateOnTheWayIsSaid) {
  start();
  steps(1000, 1, 50);
  EXPECT_EQ(line(1006), "ETA 14 s");
  EXPECT_EQ(line(1060), "ETA 11 s after this evaluation");
  evaluation(1061, 50, 56);
  EXPECT_EQ(line(1061.2), "ETA 1 min 3 s") << "the next one is expected to take as long";
}

TEST_F(SessionWithEvaluations, NoPartIsBlamedBeforeOneOfItHasEnded) {
  start();
  steps(1000, 1, 100);  // a worker that reports no evaluations
  feed({{"t", 1010.0}, {"event", "epoch_end"}, {"rank", 0}, {"epoch", 2}, {"step", 100}});
  for (const std::string& alarm : alarms_) EXPECT_THAT(alarm, testing::Not(HasSubstr("evaluation")));
}

TEST_F(SessionWithEvaluations, AnEvaluationThatTookLongerIsBlamed) {
  start();
  steps(1000, 1, 50);
  evaluation(1065, 50, 60);
  ASSERT_EQ(alarms_.size(), 1u);
  EXPECT_THAT(alarms_[0], AllOf(HasSubstr("evaluations take 2 min 0 s instead of 8.0 s")));
}

// Without an earlier estimate, only the number of its sessions shows how long the detection takes.
TEST(EtaTracker, TheDetectionAtTheEndIsPartOfTheFirstEstimate) {
  const auto finish_s = [](std::int64_t sessions) {
    RunRecord record;
    EtaTracker tracker(1000, RunConfig{}, {});
    EtaReport report;
    const auto feed = [&](const Json& event) {
      record.on_event(test::decoded(event));
      if (const EtaReport told = tracker.on_event(test::decoded(event), record); told.first) report = told;
    };
    feed({{"t", 1000.0},
          {"event", "start"},
          {"rank", 0},
          {"steps_per_epoch", 100},
          {"total_steps", 100},
          {"effective_batch_size", 4},
          {"detection_sessions", sessions}});
    for (std::int64_t i = 1; i <= 20; ++i)
      feed({{"t", 1000 + 0.1 * static_cast<double>(i)}, {"event", "step"}, {"rank", 0}, {"step", i}});
    return likely_parts(report.first.value())["finish"];
  };
  EXPECT_EQ(finish_s(0), 0);
  EXPECT_NEAR(finish_s(1200), 10, 0.1);  // 0.025 s a sample, a third of it forward
}

TEST(EtaTracker, BeforeTheFirstStepAllIsStartUp) {
  EXPECT_EQ(EtaTracker(1000, RunConfig{}, {}).spent(1007).at("start_up"), 7);
}

}  // namespace
}  // namespace tlaunch
