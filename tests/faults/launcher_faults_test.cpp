// What breaks around a group: the launcher, its guard, a rank that will not stop, a reader that does not read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "tests/support/temp_dir.h"
#include "tests/unit/launcher/child_process.h"

namespace tlaunch {
namespace {

using test::ChildProcess;
using test::driver;
using test::now_s;
using testing::HasSubstr;

// A child, a detached grandchild in a session of its own, and one that ignores all it may ignore.
const std::string kFamily =
    "(setsid sh -c 'trap \"\" TERM INT HUP; echo up; while :; do sleep 1000; done' &) ; sh -c 'sleep 1000 & wait' & ";

std::vector<std::string> group(const std::string& grace_s, const std::string& script, const char* ranks = "2") {
  return {driver(), ranks, grace_s, "-", "sh", "-c", script};
}

bool both_up(ChildProcess& child) {
  return child.wait_for_output("[rank 0] up") && child.wait_for_output("[rank 1] up");
}

pid_t named(const ChildProcess& child, const std::string& name) {
  for (const pid_t pid : child.marked()) {
    if (test::content("/proc/" + std::to_string(pid) + "/comm") == name + "\n") return pid;
  }
  return -1;
}

// The ranks of a group of two whose program is sleep, once both have become it.
std::vector<pid_t> sleeping_ranks(const ChildProcess& child) {
  std::vector<pid_t> ranks;
  for (const double end_s = now_s() + 10; ranks.size() < 2 && now_s() < end_s;) {
    ranks.clear();
    for (const pid_t pid : child.marked()) {
      if (test::content("/proc/" + std::to_string(pid) + "/comm") == "sleep\n") ranks.push_back(pid);
    }
  }
  return ranks;
}

TEST(LauncherFaults, KillingTheLauncherLeavesNoProcess) {
  ChildProcess child(group("30", kFamily + "wait"));
  ASSERT_TRUE(both_up(child));
  EXPECT_GE(child.marked().size(), 6u);  // launcher, guard, ranks, detached ones
  ::kill(child.pid(), SIGKILL);
  EXPECT_TRUE(child.all_gone(1)) << child.marked().size() << " left";
}

TEST(LauncherFaults, KillingTheGuardLeavesNoProcess) {
  ChildProcess child(group("30", kFamily + "wait"));
  ASSERT_TRUE(both_up(child));
  const pid_t guard = named(child, "tlaunch-guard");
  ASSERT_GT(guard, 0);
  ::kill(guard, SIGKILL);
  const auto finished = child.wait(10);
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.err, HasSubstr("guard process was killed"));
  EXPECT_TRUE(child.all_gone(1));
}

TEST(LauncherFaults, AKilledRankTakesTheGroupDownWithinTwoSeconds) {
  ChildProcess child(group("30", "exec sleep 1000"));
  const auto ranks = sleeping_ranks(child);
  ASSERT_EQ(ranks.size(), 2u);
  const double start_s = now_s();
  ::kill(ranks[1], SIGKILL);
  const auto finished = child.wait();
  EXPECT_EQ(finished.exit_code, 137);
  EXPECT_LT(now_s() - start_s, 2);
  EXPECT_TRUE(child.all_gone(0.1));
}

TEST(LauncherFaults, ARankThatIgnoresSigtermIsGoneAfterTheGrace) {
  const test::TempDir folder;
  const std::string ready = folder / "ready";
  ChildProcess child(group("1", "if [ $RANK = 0 ]; then trap '' TERM; : > " + ready +
                                    "; while :; do sleep 0.05; done; fi; "
                                    "while [ ! -e " +
                                    ready + " ]; do sleep 0.01; done; exit 3"));
  const auto finished = child.wait();
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_THAT(finished.err, HasSubstr("rank 1 failed: exit code 3"));
  EXPECT_GT(finished.seconds, 1);
  EXPECT_LT(finished.seconds, 4);
  EXPECT_TRUE(child.all_gone(0.1));
}

TEST(LauncherFaults, ASecondSignalKillsAtOnce) {
  ChildProcess child(group("60", "trap '' TERM INT; echo up; while :; do sleep 0.05; done"));
  ASSERT_TRUE(both_up(child));
  ::kill(child.pid(), SIGINT);
  ::usleep(700'000);  // a second wish, not the same one twice
  ::kill(child.pid(), SIGINT);
  const auto finished = child.wait(10);
  EXPECT_EQ(finished.exit_code, 130);
  EXPECT_TRUE(child.all_gone(0.1));
}

TEST(LauncherFaults, WhatRanksLeaveRunningEndsWithTheGroup) {
  ChildProcess child(group("1", kFamily));
  const auto finished = child.wait();
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.err, HasSubstr("that the ranks left running"));
  EXPECT_TRUE(child.all_gone(0.1));
}

TEST(LauncherFaults, WhatACrashedRankHadDetachedEndsWithTheGroup) {
  ChildProcess child(group("1", kFamily + "if [ $RANK = 1 ]; then sleep 0.3; kill -SEGV $$; fi; wait"));
  const auto finished = child.wait();
  EXPECT_EQ(finished.exit_code, 139);
  EXPECT_LT(finished.seconds, 5);
  EXPECT_TRUE(child.all_gone(0.1)) << child.marked().size() << " left";
}

TEST(LauncherFaults, OutputThatNobodyReadsDoesNotKeepTheGroupFromStopping) {
  const test::TempDir folder;
  const std::string sign = folder / "full";
  // Fills the pipe, then says so beside it.
  ChildProcess child({driver(), "2", "5", "-", "sh", "-c",
                      "(sleep 1; : > " + sign + ") & while :; do echo 0123456789012345678901234567890123456789; done"},
                     "", false);
  for (const double end_s = now_s() + 20; !std::filesystem::exists(sign) && now_s() < end_s;) ::usleep(10'000);
  ::kill(child.pid(), SIGTERM);
  const double start_s = now_s();
  EXPECT_EQ(child.wait(10).exit_code, 143);
  EXPECT_LT(now_s() - start_s, 4);
  EXPECT_TRUE(child.all_gone(0.1));
}

// A group on a terminal of its own; `type` is what the user types once `after` has been shown.
std::string on_terminal(const std::vector<std::string>& argv, const std::string& after, const std::string& type,
                        int& status) {
  int terminal = -1;
  const pid_t pid = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (pid == 0) {
    std::vector<char*> pointers;
    for (const auto& argument : argv) pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    ::unsetenv("NO_COLOR");
    ::execvp(pointers[0], pointers.data());
    ::_exit(127);
  }
  std::string shown;
  char bytes[4096];
  bool typed = false;
  for (ssize_t size = 0; (size = ::read(terminal, bytes, sizeof bytes)) > 0;) {
    shown.append(bytes, static_cast<std::size_t>(size));
    if (!typed && shown.find(after) != std::string::npos) {
      typed = ::write(terminal, type.data(), type.size()) > 0;
    }
  }
  ::close(terminal);
  ::waitpid(pid, &status, 0);
  return shown;
}

TEST(LauncherOnATerminal, ASingleRankReadsWhatIsTyped) {
  int status = 0;
  const auto shown =
      on_terminal(group("5", "printf 'name? '; read name; echo hello $name", "1"), "name? ", "Ada\n", status);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(shown, HasSubstr("hello Ada"));
}

TEST(LauncherOnATerminal, CtrlCReachesEachRankOnce) {
  int status = 0;
  for (const char* ranks : {"1", "2"}) {
    const auto shown =
        on_terminal(group("5",
                          "n=0; trap 'n=$((n+1))' INT; echo up$LOCAL_RANK; while [ $n = 0 ]; do sleep 0.02; done; "
                          "sleep 0.3; echo counted $n; exit 0",
                          ranks),
                    *ranks == '1' ? "up0" : "up1", "\x03", status);
    EXPECT_EQ(WEXITSTATUS(status), 130) << shown;
    EXPECT_THAT(shown, HasSubstr("counted 1"));
  }
}

TEST(LauncherOnATerminal, PrefixesAreColoured) {
  int status = 0;
  EXPECT_THAT(on_terminal(group("5", "echo hi"), "never", "", status), HasSubstr("\x1b[36m[rank 0]\x1b[0m hi"));
}

}  // namespace
}  // namespace tlaunch
