#include "processes/group/rank_roster.h"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace tlaunch {
namespace {

constexpr int exit_7 = 7 << 8;

std::optional<int> nobody_told(int) { return std::nullopt; }

// A child that has ended and is not reaped yet.
class Zombie {
 public:
  Zombie() : pid_(::fork()) {
    if (pid_ == 0) ::_exit(0);
    siginfo_t info;
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  }
  ~Zombie() { ::waitpid(pid_, nullptr, 0); }
  Zombie(const Zombie&) = delete;
  Zombie& operator=(const Zombie&) = delete;
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

TEST(RankRoster, KnowsWhoRunsAndHowTheOthersEnded) {
  RankRoster roster;
  roster.started(0, ::getpid());
  roster.started(1, ::getpid());
  roster.gone(1);
  roster.add(roster.reaped(1, exit_7));
  EXPECT_EQ(roster.running(), (std::map<int, pid_t>{{0, ::getpid()}}));
  EXPECT_TRUE(roster.has_ended(1));
  EXPECT_FALSE(roster.has_ended(0));
  ASSERT_EQ(roster.ends().size(), 1u);
  EXPECT_TRUE(roster.ends()[0].before_stop);
  EXPECT_EQ(roster.ends()[0].wait_status, exit_7);
}

TEST(RankRoster, AnEndAfterTheStopIsBecauseOfItUnlessTheRankWasOnItsWayOut) {
  const Zombie leaving;
  RankRoster roster;
  roster.started(0, ::getpid());
  roster.started(1, leaving.pid());
  EXPECT_TRUE(roster.some_are_at_work());
  roster.stop_requested(nobody_told);
  EXPECT_FALSE(roster.reaped(0, SIGTERM).before_stop);
  EXPECT_TRUE(roster.reaped(1, exit_7).before_stop);
  roster.gone(0);
  EXPECT_FALSE(roster.some_are_at_work());
}

TEST(RankRoster, WhatARankHadToldBeforeTheStopStaysWithItsEnd) {
  RankRoster roster;
  roster.started(0, ::getpid());
  roster.started(1, ::getpid());
  roster.stop_requested([](int rank) { return rank == 1 ? std::optional(65) : std::nullopt; });
  EXPECT_EQ(roster.reaped(0, SIGTERM).told_exit_code, std::nullopt);
  EXPECT_EQ(roster.reaped(1, SIGTERM).told_exit_code, 65);
}

TEST(RankRoster, ARankThatCouldNotBeStartedHasTheReason) {
  const RankEnd end = RankRoster().not_started(2, ENOENT);
  EXPECT_EQ(end.rank, 2);
  EXPECT_EQ(end.start_error, ENOENT);
  EXPECT_TRUE(end.before_stop);
}

TEST(RankRoster, OfALostRankNothingIsKnownButThatItWasKilled) {
  RankRoster roster;
  roster.started(3, ::getpid());
  roster.lost();
  EXPECT_TRUE(roster.running().empty());
  ASSERT_EQ(roster.ends().size(), 1u);
  EXPECT_EQ(roster.ends()[0].rank, 3);
  EXPECT_EQ(roster.ends()[0].wait_status, SIGKILL);
  EXPECT_FALSE(roster.ends()[0].before_stop);
}

}  // namespace
}  // namespace tlaunch
