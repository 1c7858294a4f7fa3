// Verdicts on plain values: what is known about each rank, the limits without progress, and the time.
#include "processes/hang/hang_verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tlaunch {
namespace {

using testing::ElementsAre;

constexpr double now_s = 1000;
constexpr HangLimits limits{600, 60, 120, 300, 60};

// A rank in the backward pass of step 5, by the seconds since its last event and since its last progress.
RankSigns signs(int rank, double silent_s = 1, double still_s = 1) {
  RankSigns signs;
  signs.rank = rank;
  signs.step = 5;
  signs.phase = "backward";
  signs.kind = PhaseKind::step;
  signs.heard_s = now_s - silent_s;
  signs.moved_s = now_s - still_s;
  signs.judged_by = JudgedBy::heartbeats;
  return signs;
}

RankSigns in_phase(RankSigns rank, const std::string& phase, PhaseKind kind, bool waits = false) {
  rank.phase = phase;
  rank.kind = kind;
  rank.waits = waits;
  return rank;
}

RankSigns stopped(RankSigns rank, double for_s) {
  rank.stopped_s = now_s - for_s;
  return rank;
}

TEST(HangVerdict, WhoMovesDoesNotHang) {
  EXPECT_FALSE(judge({}, limits, now_s));
  EXPECT_FALSE(judge({signs(0), signs(1)}, limits, now_s));
  EXPECT_FALSE(judge({signs(0, 60, 60), signs(1, 60, 60)}, limits, now_s)) << "at the limit";
  EXPECT_FALSE(judge({signs(0, 1, 500), signs(1)}, limits, now_s)) << "one rank that moves is enough";
}

TEST(HangVerdict, ARankWithoutHeartbeatsIsSilent) {
  const auto verdict = judge({signs(0), signs(1, 61), signs(2)}, limits, now_s);
  ASSERT_TRUE(verdict);
  EXPECT_THAT(verdict->ranks, ElementsAre(1));
  EXPECT_EQ(verdict->reason, "no heartbeat for 61 s");
  EXPECT_EQ(verdict->limit_s, 60);
  EXPECT_EQ(hang_cause(*verdict), "hang: no heartbeat for 61 s; step 5, backward");
  EXPECT_THAT(verdict->places,
              ElementsAre("rank 0: step 5, backward", "rank 1: step 5, backward", "rank 2: step 5, backward"));
}

TEST(HangVerdict, WhereAllWaitForOneInACollectiveOperationItIsToBlame) {
  const auto waiting = [](int rank) { return in_phase(signs(rank, 1, 70), "backward", PhaseKind::step, true); };
  const auto verdict = judge({waiting(0), waiting(1), signs(2, 1, 65), waiting(3)}, limits, now_s);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(only_rank(*verdict), 2);
  EXPECT_EQ(verdict->reason, "behind the others, no progress for 65 s") << "since the last of them moved";
  EXPECT_EQ(verdict->places[3], "rank 3: step 5, backward, waits for the others");
}

TEST(HangVerdict, WhereNoneIsBehindAllAreNamed) {
  const auto verdict = judge({signs(0, 1, 70), signs(1, 1, 70)}, limits, now_s);
  ASSERT_TRUE(verdict);
  EXPECT_THAT(verdict->ranks, ElementsAre(0, 1));
  EXPECT_FALSE(only_rank(*verdict));
  EXPECT_EQ(hang_cause(*verdict), "hang of ranks 0, 1: no progress for 70 s; step 5, backward");
}

TEST(HangVerdict, AStoppedRankIsNamedAfterItsOwnLimit) {
  EXPECT_FALSE(judge({signs(0), stopped(signs(1), 60)}, limits, now_s));
  const auto verdict = judge({signs(0), stopped(signs(1), 61)}, limits, now_s);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(hang_text(*verdict), "rank 1 hangs: stopped (state T) for 61 s; step 5, backward");
  EXPECT_EQ(verdict->limit_s, limits.stopped_s);
}

TEST(HangVerdict, AStopIsTheReasonOfASilenceOnlyWhereItIsAboutAsOld) {
  const auto old_stop = judge({signs(0, 1, 61), stopped(signs(1, 61, 61), 50)}, limits, now_s);
  ASSERT_TRUE(old_stop);
  EXPECT_EQ(old_stop->reason, "stopped (state T) for 50 s");
  const auto late_stop = judge({signs(0, 1, 61), stopped(signs(1, 61, 61), 5)}, limits, now_s);
  ASSERT_TRUE(late_stop);
  EXPECT_EQ(late_stop->reason, "no heartbeat for 61 s");
}

TEST(HangVerdict, EachPhaseHasItsLimitAndTheLongestHoldsForAll) {
  for (const auto& [phase, kind] :
       {std::pair("start_up", PhaseKind::start_up), std::pair("forward", PhaseKind::step),
        std::pair("evaluation", PhaseKind::evaluation), std::pair("save", PhaseKind::save)}) {
    const double limit_s = limits.of(kind);
    const auto at = [&](double still_s) {
      return judge({in_phase(signs(0, 1, still_s), phase, kind), signs(1, 1, still_s)}, limits, now_s);
    };
    EXPECT_FALSE(at(limit_s)) << phase;
    const auto verdict = at(limit_s + 1);
    ASSERT_TRUE(verdict) << phase;
    EXPECT_EQ(verdict->limit_s, limit_s) << phase;
  }
}

TEST(HangVerdict, WhoIsJudgedByNothingHangsOnlyWhereItIsStopped) {
  RankSigns rank = signs(0, 900, 900);
  rank.judged_by = JudgedBy::nothing;
  EXPECT_FALSE(judge({rank}, limits, now_s));
  EXPECT_TRUE(judge({stopped(rank, 61)}, limits, now_s));
}

TEST(HangVerdict, WhoSendsNoHeartbeatsIsJudgedByItsProgress) {
  RankSigns rank = signs(0, 50, 50);
  rank.judged_by = JudgedBy::progress;
  EXPECT_FALSE(judge({rank}, limits, now_s));
  rank.moved_s = rank.heard_s = now_s - 61;
  const auto verdict = judge({rank}, limits, now_s);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->reason, "no progress for 61 s");
}

TEST(HangLimits, ATimeoutHoldsEverywhereButForTheFirstMinute) {
  const HangLimits short_one = hang_limits(5, {100, 100, 100});
  EXPECT_EQ(short_one.start_up_s, 60);
  for (const double limit_s : {short_one.step_s, short_one.evaluation_s, short_one.save_s, short_one.stopped_s})
    EXPECT_EQ(limit_s, 5);
  EXPECT_EQ(hang_limits(300, {}).start_up_s, 300);
}

TEST(HangLimits, ByThemselvesTheyFollowWhatWasSeenAndHaveALeast) {
  const HangLimits at_first = hang_limits({}, {});
  EXPECT_EQ(at_first.step_s, 600) << "no step has ended yet";
  EXPECT_EQ(at_first.evaluation_s, 120);
  EXPECT_EQ(at_first.save_s, 300);
  EXPECT_EQ(at_first.stopped_s, 60);
  EXPECT_EQ(hang_limits({}, {0.1, 1, 1}).step_s, 60);
  const HangLimits slow = hang_limits({}, {30, 40, 50});
  EXPECT_EQ(slow.step_s, 600);
  EXPECT_EQ(slow.evaluation_s, 400);
  EXPECT_EQ(slow.save_s, 500);
  EXPECT_EQ(slow.start_up_s, 600) << "is never learned";
}

TEST(HangLimits, TheFirstTwoStepsOfASessionAreStartUp) {
  EXPECT_EQ(kind_of("forward", 1002, 1000), PhaseKind::start_up);
  EXPECT_EQ(kind_of("forward", 1003, 1000), PhaseKind::step);
  EXPECT_EQ(kind_of("save", 1001, 1000), PhaseKind::save);
  EXPECT_EQ(kind_of("detection", 1001, 1000), PhaseKind::evaluation);
}

}  // namespace
}  // namespace tlaunch
