// Which ranks are reported to hang, and when. One second in these tests is one tick, with one heartbeat of each rank
// that sends heartbeats.
#include "processes/hang/hang_watch.h"
#include "tests/support/decoded.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace tlaunch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Place {
  std::int64_t step;
  std::string phase;
  bool waits = false;
  char state = 'S';
  bool silent = false;
};

class Watched {
 public:
  Watched(int ranks, std::optional<double> timeout_s) : watch_(ranks, timeout_s), ranks_(ranks), passed_(ranks) {}

  // `seconds` of ticks in which each rank is where `place` says, with or without progress. Returns the verdict that
  // ended this early.
  std::optional<HangVerdict> pass(double seconds, bool moving, const std::function<Place(int rank)>& place) {
    for (const double end = now_ + seconds; now_ < end;) {
      now_ += 1;
      std::map<int, char> states;
      for (int rank = 0; rank < ranks_; ++rank) {
        const Place where = place(rank);
        states[rank] = where.state;
        if (where.silent || where.state == 'T') continue;
        passed_[rank] += moving;
        watch_.on_event(test::decoded({{"event", "heartbeat"},
                                       {"rank", rank},
                                       {"step", where.step},
                                       {"phase", where.phase},
                                       {"waits", where.waits},
                                       {"passed", passed_[rank]}}));
      }
      if (auto verdict = watch_.tick(now_, states)) return verdict;
    }
    return std::nullopt;
  }
  // Healthy steps of `step_s` each, to step 10.
  void warm_up(double step_s = 1) {
    for (std::int64_t step = 1; step <= 10; ++step)
      ASSERT_FALSE(pass(step_s, true, [&](int) { return Place{step, "forward"}; }));
  }
  HangWatch& watch() { return watch_; }
  double now() const { return now_; }
  void launcher_sleeps(double seconds) { now_ += seconds; }

 private:
  HangWatch watch_;
  int ranks_;
  std::vector<std::int64_t> passed_;
  double now_ = 1000;
};

Place in_step(int) { return {11, "backward"}; }

TEST(HangWatch, AStoppedRankIsNamed) {
  Watched run(3, 5);
  run.warm_up();
  const auto verdict = run.pass(20, false, [](int rank) {
    return rank == 1 ? Place{10, "forward", false, 'T'} : in_step(rank);
  });
  ASSERT_TRUE(verdict);
  EXPECT_THAT(verdict->ranks, ElementsAre(1));
  EXPECT_EQ(verdict->step, 10);
  EXPECT_EQ(verdict->phase, "forward");
  EXPECT_EQ(verdict->limit_s, 5);
  EXPECT_THAT(hang_text(*verdict), HasSubstr("rank 1 hangs: stopped (state T) for "));
  EXPECT_THAT(verdict->places, ElementsAre("rank 0: step 11, backward", "rank 1: step 10, forward, stopped",
                                           "rank 2: step 11, backward"));
}

TEST(HangWatch, AStopThatEndsInTimeIsNone) {
  Watched run(2, 5);
  run.warm_up();
  const auto stopped = [](int rank) { return rank == 1 ? Place{10, "forward", false, 'T'} : in_step(rank); };
  EXPECT_FALSE(run.pass(4, false, stopped));
  EXPECT_FALSE(run.pass(1, true, in_step));
  EXPECT_FALSE(run.pass(4, false, stopped));
}

TEST(HangWatch, AStoppedRankIsSeenInStartUpToo) {
  Watched run(2, 5);
  const auto verdict = run.pass(20, false, [](int rank) {
    return Place{0, "start_up", rank == 0, rank == 1 ? 'T' : 'S'};
  });
  ASSERT_TRUE(verdict);
  EXPECT_THAT(verdict->ranks, ElementsAre(1));
  EXPECT_LT(run.now(), 1010);
}

TEST(HangWatch, ADeadLockedRankIsTheOneBehindTheOthers) {
  for (const auto& [behind, others] :
       {std::pair(Place{11, "loading"}, Place{11, "backward"}),
        std::pair(Place{11, "evaluation"}, Place{11, "evaluation", true}),
        std::pair(Place{11, "save"}, Place{12, "backward"}), std::pair(Place{11, "finish"}, Place{12, "loading"})}) {
    Watched run(3, 5);
    run.warm_up();
    const auto verdict = run.pass(30, false, [&](int rank) { return rank == 2 ? behind : others; });
    ASSERT_TRUE(verdict) << behind.phase;
    EXPECT_THAT(verdict->ranks, ElementsAre(2)) << behind.phase;
    EXPECT_THAT(verdict->reason, HasSubstr("behind the others"));
  }
}

TEST(HangWatch, WhereAllWaitAllAreNamed) {
  Watched run(2, 5);
  run.warm_up();
  const auto verdict = run.pass(30, false, in_step);
  ASSERT_TRUE(verdict);
  EXPECT_THAT(verdict->ranks, ElementsAre(0, 1));
  EXPECT_THAT(hang_text(*verdict), HasSubstr("ranks 0, 1 hang: no progress for 6 s; step 11, backward"));
}

TEST(HangWatch, OfSeveralRanksNoneIsMadeTheOnlyOne) {
  Watched run(3, 5);
  run.warm_up();
  const auto verdict = run.pass(30, false, [](int rank) { return Place{11, rank == 2 ? "backward" : "forward"}; });
  ASSERT_TRUE(verdict);
  EXPECT_THAT(verdict->ranks, ElementsAre(0, 1));
  EXPECT_FALSE(only_rank(*verdict));
  EXPECT_THAT(hang_cause(*verdict), HasSubstr("hang of ranks 0, 1: behind the others"));
}

TEST(HangWatch, WhoIsStoppedWhileTheOthersHangAlreadyIsNotTheReason) {
  Watched run(3, 10);
  run.warm_up();
  const auto dead_lock = [](int rank) { return Place{11, rank == 0 ? "loading" : "backward"}; };
  ASSERT_FALSE(run.pass(8, false, dead_lock));
  const auto verdict = run.pass(10, false, [&](int rank) {
    Place place = dead_lock(rank);
    if (rank == 2) place.state = 'T';  // by somebody who looks into it
    return place;
  });
  ASSERT_TRUE(verdict);
  EXPECT_THAT(verdict->ranks, ElementsAre(0));
  EXPECT_EQ(only_rank(*verdict), 0);
}

TEST(HangWatch, ASilentRankIsNamed) {
  Watched run(2, 5);
  run.warm_up();
  const auto verdict = run.pass(30, true, [](int rank) { return Place{11, "forward", false, 'D', rank == 0}; });
  ASSERT_TRUE(verdict);
  EXPECT_THAT(verdict->ranks, ElementsAre(0));
  EXPECT_THAT(verdict->reason, HasSubstr("no heartbeat for"));
}

TEST(HangWatch, AnEvaluationThatMovesOnMayTakeAnyTime) {
  Watched run(2, 5);
  run.warm_up();
  EXPECT_FALSE(run.pass(3600, true, [](int) { return Place{10, "evaluation"}; }));
}

TEST(HangWatch, StartUpHasAMinuteWhateverTheLimit) {
  Watched run(2, 5);
  EXPECT_FALSE(run.pass(59, false, [](int rank) { return Place{0, "start_up", rank == 0}; }));
  const auto verdict = run.pass(10, false, [](int rank) { return Place{0, "start_up", rank == 0}; });
  ASSERT_TRUE(verdict);
  EXPECT_THAT(verdict->ranks, ElementsAre(1)) << "the other one only waits for it";
}

TEST(HangWatch, SoHasTheFirstStepOfAResumedRun) {
  Watched run(2, 5);
  run.watch().on_event(test::decoded({{"event", "start"}, {"rank", 0}, {"start_step", 1000}}));
  EXPECT_FALSE(run.pass(59, false, [](int) { return Place{1001, "forward"}; }));
  EXPECT_TRUE(run.pass(10, false, [](int) { return Place{1001, "forward"}; }));
}

TEST(HangWatch, StepsTooFastToBeSeenOneByOneAreStepsToo) {
  Watched run(2, 5);
  const auto verdict = run.pass(10, false, [](int rank) { return Place{5, rank == 1 ? "forward" : "backward"}; });
  ASSERT_TRUE(verdict);
  EXPECT_THAT(verdict->ranks, ElementsAre(1));
}

TEST(HangWatch, ByItselfTheLimitOfAStepFollowsWhatOneTakes) {
  Watched fast(2, std::nullopt), slow(2, std::nullopt);
  fast.warm_up(1);
  EXPECT_FALSE(fast.pass(59, false, in_step));
  EXPECT_TRUE(fast.pass(5, false, in_step));
  slow.warm_up(30);
  EXPECT_FALSE(slow.pass(595, false, in_step)) << "20 steps";
  EXPECT_TRUE(slow.pass(10, false, in_step));
}

TEST(HangWatch, TheOthersWaitAsLongAsTheRankThatSavesMay) {
  Watched run(2, std::nullopt);
  run.warm_up();
  const auto saving = [](int rank) { return rank == 0 ? Place{10, "save"} : in_step(rank); };
  EXPECT_FALSE(run.pass(295, false, saving));
  const auto verdict = run.pass(20, false, saving);
  ASSERT_TRUE(verdict);
  EXPECT_THAT(verdict->ranks, ElementsAre(0));
}

TEST(HangWatch, ALongerSaveMakesTheLimitOfTheNextLonger) {
  Watched run(1, std::nullopt);
  run.warm_up();
  EXPECT_FALSE(run.pass(200, false, [](int) { return Place{10, "save"}; }));
  run.warm_up();
  EXPECT_FALSE(run.pass(1500, false, [](int) { return Place{10, "save"}; }));
}

TEST(HangWatch, TimeInWhichTheLauncherItselfWasStoppedDoesNotCount) {
  Watched run(2, 5);
  run.warm_up();
  for (int i = 0; i < 3; ++i) {
    run.launcher_sleeps(3600);
    EXPECT_FALSE(run.pass(1, false, in_step));
  }
  EXPECT_TRUE(run.pass(10, false, in_step)) << "but what it has seen does";
}

TEST(HangWatch, NobodyIsTakenOutOfADebuggersHands) {
  Watched run(2, 5);
  run.warm_up();
  EXPECT_FALSE(run.pass(3600, false, [](int rank) { return Place{11, "forward", false, rank == 0 ? 't' : 'S'}; }));
  EXPECT_TRUE(run.pass(10, false, in_step)) << "afterwards it is judged again";
}

TEST(HangWatch, AWorkerWithoutHeartbeatsIsJudgedOnlyWhereALimitIsGiven) {
  for (const std::optional<double> timeout : {std::optional<double>(), std::optional<double>(5)}) {
    HangWatch watch(2, timeout);
    double now = 0;
    const auto pass = [&](double seconds) {
      for (const double end = now + seconds; now < end;)
        if (watch.tick(now += 1, {{0, 'S'}, {1, 'S'}})) return true;
      return false;
    };
    for (int step = 1; step <= 5; ++step) {
      watch.on_event(test::decoded({{"event", "step"}, {"rank", 0}, {"step", step}}));
      ASSERT_FALSE(pass(3));
    }
    EXPECT_EQ(pass(3600), timeout.has_value());
  }
}

TEST(HangWatch, EventsThatMakeNoSenseAreNoHarm) {
  HangWatch watch(1, 5);
  watch.on_event(test::decoded({{"event", "heartbeat"}}));
  watch.on_event(test::decoded({{"event", "heartbeat"}, {"rank", 7}}));
  watch.on_event(test::decoded({{"event", "heartbeat"}, {"rank", 0}, {"step", "x"}, {"phase", 3}, {"waits", "y"}}));
  EXPECT_FALSE(watch.tick(0, {{0, 'S'}}));
}

}  // namespace
}  // namespace tlaunch
