// What a process does, from two looks at it; the texts are those of real processes.
#include "processes/hang/activity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>

namespace tlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ProcessLook look(char state, const std::string& syscall, int ticks = 0, int switches = 1) {
  const std::string s(1, state);
  return {"8419 (a (b) c) " + s + " 8416 8416 3636 0 -1 4194304 135 0 0 0 " + std::to_string(ticks) + " 0 0 0 20 0 1",
          "Name:\tx\nState:\t" + s +
              "\nSigBlk:\t0000000000000800\nSigCgt:\t00000001000004e8\nvoluntary_ctxt_switches:\t" +
              std::to_string(switches) + "\n",
          syscall, "", false};
}

std::string call(long number, const std::string& arguments = "0x3 0x7ffc 0x1 0x0 0x0 0x0") {
  return std::to_string(number) + " " + arguments + " 0x7ffcf4f0dba8 0x7f86c43ce503\n";
}

Activity second_of(const ProcessLook& before, const ProcessLook& after) { return activity_between(before, after, 1); }
Activity still(const ProcessLook& each) { return second_of(each, each); }

TEST(Activity, TellsSleepingFromWaiting) {
  EXPECT_EQ(still(look('S', call(SYS_clock_nanosleep))).text, "sleeps (clock_nanosleep)");
  EXPECT_EQ(still(look('S', call(SYS_clock_nanosleep))).kind, Activity::sleeps);
  for (const auto& [number, text] : {std::pair<long, const char*>(SYS_futex, "waits (futex)"),
                                     {SYS_recvfrom, "waits (recv)"},
                                     {SYS_read, "waits (read)"},
                                     {SYS_wait4, "waits (wait)"},
                                     {SYS_ppoll, "waits (poll)"},
                                     {SYS_epoll_pwait, "waits (epoll_wait)"},
                                     {999, "waits (system call 999)"}}) {
    const Activity activity = still(look('S', call(number)));
    EXPECT_EQ(activity.text, text);
    EXPECT_EQ(activity.kind, Activity::waits) << text;
  }
}

TEST(Activity, ASelectOfNoFilesIsASleep) {
  EXPECT_EQ(still(look('S', call(SYS_pselect6, "0x0 0x0 0x0 0x0 0x7ffc 0x0"))).kind, Activity::sleeps);
  EXPECT_EQ(still(look('S', call(SYS_pselect6, "0x4 0x7ffc 0x0 0x0 0x0 0x0"))).kind, Activity::waits);
}

TEST(Activity, ShortSleepsInARowAreAWait) {
  const Activity polls =
      second_of(look('S', call(SYS_clock_nanosleep), 0, 10), look('S', call(SYS_clock_nanosleep), 0, 20));
  EXPECT_EQ(polls.kind, Activity::waits);
  EXPECT_EQ(polls.text, "waits (clock_nanosleep again and again)");
}

TEST(Activity, WhoUsesACoreComputesUnlessThatIsHowItWaitsForAGpu) {
  ProcessLook before = look('R', "running\n", 100), after = look('R', "running\n", 198);
  EXPECT_EQ(second_of(before, after).text, "computes (98 % of a core)");
  EXPECT_EQ(second_of(before, after).kind, Activity::computes);
  after.uses_gpu = true;
  EXPECT_EQ(second_of(before, after).kind, Activity::waits);
  EXPECT_EQ(second_of(look('S', call(SYS_futex), 0), look('S', call(SYS_futex), 70)).kind, Activity::computes)
      << "other threads than the main one";
  EXPECT_EQ(second_of(look('S', call(SYS_futex), 0), look('R', "running\n", 3)).text, "waits (futex)")
      << "it was only just woken";
}

TEST(Activity, StatesThatSayItAll) {
  EXPECT_EQ(still(look('T', call(SYS_futex))).kind, Activity::stopped);
  EXPECT_EQ(still(look('D', call(SYS_read))).text, "waits for a disk or a device, state D (read)");
  EXPECT_EQ(still(look('D', call(SYS_read))).kind, Activity::device);
  EXPECT_EQ(still(look('Z', "")).kind, Activity::ended);
  EXPECT_EQ(still({}).kind, Activity::ended);
}

TEST(Activity, WhereTheCallMayNotBeReadTheWaitChannelTells) {
  ProcessLook each = look('S', "");
  each.wait_channel = "hrtimer_nanosleep";
  EXPECT_EQ(still(each).text, "sleeps (hrtimer_nanosleep)");
  each.wait_channel = "futex_wait_queue\n";
  EXPECT_EQ(still(each).text, "waits (futex_wait_queue)");
  each.wait_channel = "0";
  EXPECT_EQ(still(each).text, "waits");
}

TEST(Activity, KnowsWhichSignalsAreHandledAndBlocked) {
  const ProcessLook each = look('S', "");
  EXPECT_TRUE(handles(each, SIGABRT));
  EXPECT_FALSE(handles(each, SIGUSR2));
  EXPECT_FALSE(handles({}, SIGABRT));
  EXPECT_TRUE(blocks(each, SIGUSR2));
  EXPECT_FALSE(blocks(each, SIGABRT));
}

TEST(LikelyCauses, AreTheRanksThatDoNotWaitAsTheOthersDo) {
  const Activity waits{Activity::waits, ""}, sleeps{Activity::sleeps, ""}, computes{Activity::computes, ""},
      stopped{Activity::stopped, ""}, device{Activity::device, ""};
  EXPECT_THAT(likely_causes({{0, waits}, {1, sleeps}, {2, waits}}), ElementsAre(1));
  EXPECT_THAT(likely_causes({{0, computes}, {1, waits}, {2, device}}), ElementsAre(0, 2));
  EXPECT_THAT(likely_causes({{0, computes}, {1, stopped}, {2, waits}}), ElementsAre(1));
  EXPECT_THAT(likely_causes({{0, waits}, {1, waits}}), IsEmpty());
  EXPECT_THAT(likely_causes({{0, sleeps}, {1, sleeps}}), IsEmpty());
  EXPECT_THAT(likely_causes({{0, computes}, {1, sleeps}}), IsEmpty()) << "neither waits: who is to say";
  EXPECT_THAT(likely_causes({{0, stopped}, {1, stopped}}), IsEmpty());
  EXPECT_THAT(likely_causes({}), IsEmpty());
}

}  // namespace
}  // namespace tlaunch
