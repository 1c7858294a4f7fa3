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

#include "processes/guard/process_tree.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

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

// Of launcher, guard and the guard's own guard any two. Stopped first, so that both are gone before either can act.
TEST(LauncherFaults, KillingTwoOfTheThreeThatWatchLeavesNoProcess) {
  for (const auto& victims : std::vector<std::vector<std::string>>{
           {"group_driver", "tlaunch-guard"}, {"group_driver", "rank-guard"}, {"tlaunch-guard", "rank-guard"}}) {
    ChildProcess child(group("30", kFamily + "wait"));
    ASSERT_TRUE(both_up(child));
    std::vector<pid_t> processes;
    for (const std::string& name : victims) processes.push_back(named(child, name));
    for (const int signal : {SIGSTOP, SIGKILL}) {
      for (const pid_t pid : processes) {
        ASSERT_GT(pid, 0);
        ASSERT_EQ(::kill(pid, signal), 0);
      }
    }
    EXPECT_TRUE(child.all_gone(10)) << child.marked().size() << " left without " << victims[0] << ", " << victims[1];
  }
}

TEST(LauncherFaults, AGuardThatDoesNotAnswerIsNotWaitedForWithoutEnd) {
  ChildProcess child(group("60", "trap '' TERM; echo up; while :; do sleep 0.05; done"));
  ASSERT_TRUE(both_up(child));
  ::kill(named(child, "tlaunch-guard"), SIGSTOP);
  ::kill(child.pid(), SIGTERM);
  ::usleep(700'000);  // a second wish, not the same one twice
  ::kill(child.pid(), SIGTERM);
  EXPECT_EQ(child.wait(60).exit_code, 143);
  EXPECT_TRUE(child.all_gone(1));
}

std::string tlaunch() { return std::filesystem::path(driver()).parent_path() / "tlaunch"; }

// As the shell starts it; $T is tlaunch.
test::Finished in_shell(const std::string& script, double limit_s = 60) {
  return ChildProcess({"bash", "-c", "T=" + tlaunch() + "\n" + script}).wait(limit_s);
}

TEST(WhatStartsTheLauncher, MayIgnoreSigchld) {
  // Otherwise the kernel throws the ranks' exit codes away. torchrun's ranks would inherit it as well.
  const auto finished = in_shell(
      "env --ignore-signal=CHLD $T --nproc 2 -- sh -c "
      "'grep SigIgn /proc/$$/status; [ $RANK = 1 ] && exit 7; exec sleep 60'");
  EXPECT_EQ(finished.exit_code, 7) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("SigIgn:\t0000000000000000"));
}

TEST(WhatStartsTheLauncher, MayBlockSignals) {
  ChildProcess child({"env", "--block-signal=CHLD,TERM,INT", tlaunch(), "--nproc", "2", "--grace", "600", "--", "sh",
                      "-c", "echo up; exec sleep 600"});
  ASSERT_TRUE(both_up(child));
  ::kill(child.pid(), SIGTERM);
  EXPECT_EQ(child.wait().exit_code, 143);
}

TEST(WhatStartsTheLauncher, KeepsAnIgnoredHangUpIgnored) {  // nohup
  const auto finished = in_shell("env --ignore-signal=HUP $T --nproc 2 -- grep SigIgn /proc/self/status");
  EXPECT_THAT(finished.out, HasSubstr("[rank 1] SigIgn:\t0000000000000001"));
}

TEST(WhatStartsTheLauncher, MayCloseTheStandardDescriptors) {
  const std::string run = "$T --nproc 2 -- sh -c 'echo hi; echo hi >&2; exit 4' ";
  for (const std::string closed : {"2>&- >/dev/null", ">&-", "<&-", "<&- >&-", "<&- 2>&-", "<&- >&- 2>&-"}) {
    const auto finished = in_shell(run + closed, 30);
    EXPECT_EQ(finished.exit_code, 4) << closed;
    EXPECT_THAT(finished.out, testing::AnyOf("", "[rank 0] hi\n", "[rank 1] hi\n", "[rank 0] hi\n[rank 1] hi\n",
                                             "[rank 1] hi\n[rank 0] hi\n"))
        << closed;
  }
}

TEST(WhatStartsTheLauncher, MayGiveItADescriptorThatTakesNoOutput) {
  // The reading end of a pipe never becomes writable.
  const test::TempDir folder;
  const auto finished = in_shell("cd " + folder.path().string() + "; mkfifo f; exec 9<>f; " +
                                     "$T --nproc 2 -- sh -c 'echo hi; echo hi >&2; exit 4' 2<f",
                                 30);
  EXPECT_EQ(finished.exit_code, 4);
}

TEST(LauncherOutput, WhoseReaderIsGoneEndsTheProgramAsInAnyPipeline) {
  for (const char* ranks : {"1", "2"}) {
    const auto finished = in_shell(std::string("$T --nproc ") + ranks + " -- yes | head -1; echo ${PIPESTATUS[0]}", 30);
    EXPECT_THAT(finished.out, testing::EndsWith("y\n141\n"));
    EXPECT_EQ(finished.err, "");
  }
}

TEST(LauncherOutput, WhoseReaderIsGoneStaysWholeInTheLog) {
  const test::TempDir folder;
  const auto finished = in_shell(
      "$T --run-dir " + folder.path().string() + " --nproc 2 -- seq 200000 | head -1 >/dev/null; exit ${PIPESTATUS[0]}",
      60);
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(test::content(folder / "logs/attempt_0/rank_1.log"), testing::EndsWith("\n200000\n"));
}

TEST(LauncherOutput, ThatCannotBeWrittenIsToldAndEndsNoRank) {
  const auto finished = in_shell("$T --nproc 2 -- sh -c 'seq 100000; exit 3' >/dev/full");
  EXPECT_EQ(finished.exit_code, 3) << "the ranks' own; 74 where they ended with 0";
  EXPECT_THAT(finished.err, HasSubstr("cannot write to standard output: No space left on device"));
}

TEST(FileSizeLimit, EndsALogAndNotTheRun) {
  const test::TempDir folder;
  const auto finished = in_shell("ulimit -f 8; $T --run-dir " + folder.path().string() + " --nproc 2 -- seq 20000", 30);
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("File too large; the output is left out of this log until it can be written"));
  EXPECT_THAT(finished.out, HasSubstr("[rank 1] 20000\n"));
}

TEST(FileSizeLimit, HasItsUsualActionInAProgram) {
  const test::TempDir folder;
  const auto finished = in_shell("ulimit -f 8; ulimit -c 0; cd " + folder.path().string() +
                                 "; $T --nproc 1 -- dd if=/dev/zero of=big bs=100000 count=1");
  EXPECT_EQ(finished.exit_code, 128 + SIGXFSZ) << finished.err;
}

TEST(LauncherFaults, AKilledRankTakesTheGroupDown) {
  ChildProcess child(group("30", "exec sleep 1000"));
  const auto ranks = sleeping_ranks(child);
  ASSERT_EQ(ranks.size(), 2u);
  const double start_s = now_s();
  ::kill(ranks[1], SIGKILL);
  const auto finished = child.wait();
  EXPECT_EQ(finished.exit_code, 137);
  EXPECT_LT(now_s() - start_s, 25) << "its grace is 30 s";
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
  EXPECT_THAT(finished.err, testing::ContainsRegex("rank 1 \\(on host [^)]+\\) failed with exit code 3\n"));
  EXPECT_GT(finished.seconds, 1);
  EXPECT_LT(finished.seconds, 25);
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
  EXPECT_LT(finished.seconds, 25);
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
  EXPECT_EQ(child.wait(10).exit_code, 143);
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

// How often the ranks have counted in their files.
std::string counting(const std::string& folder) {
  return "i=0; while :; do i=$((i+1)); echo $i > " + folder + "/$RANK.new; mv " + folder + "/$RANK.new " + folder +
         "/$RANK; sleep 0.02; done";
}

bool counts(const std::filesystem::path& folder, int rank, double limit_s) {
  const std::string before = test::content(folder / std::to_string(rank));
  for (const double end_s = now_s() + limit_s; now_s() < end_s; ::usleep(10'000))
    if (test::content(folder / std::to_string(rank)) != before) return true;
  return false;
}

bool reaches(pid_t pid, char state) {
  for (const double end_s = now_s() + 20; now_s() < end_s; ::usleep(5'000))
    if (state_of(pid) == state) return true;
  return false;
}

// A shell's job: its process group is one that somebody could continue, so the kernel stops it.
std::vector<std::string> as_job(const std::string& command) {
  return {"bash", "-c", "set -m; " + command + " & exec sleep 600"};
}

TEST(LauncherStopped, StopsTheRanksWithAllTheirProcessesAndTakesThemOnAgain) {
  const test::TempDir folder;
  // What counts is a child of the rank.
  ChildProcess shell(as_job(driver() + " 2 3 - sh -c '(" + counting(folder.path()) + ") & wait'"));
  pid_t launcher = -1;
  for (const double end_s = now_s() + 20; launcher < 0 && now_s() < end_s;) launcher = named(shell, "group_driver");
  ASSERT_GT(launcher, 0);
  for (const int rank : {0, 1}) ASSERT_TRUE(counts(folder.path(), rank, 20));
  ASSERT_EQ(::kill(launcher, SIGTSTP), 0);
  ASSERT_TRUE(reaches(launcher, 'T')) << "as its shell expects";
  const auto still = [&] { return !counts(folder.path(), 0, 0.2) && !counts(folder.path(), 1, 0.2); };
  EXPECT_TRUE(still() || still()) << "the first look may come before the guard's signals";
  ASSERT_EQ(::kill(launcher, SIGCONT), 0);
  for (const int rank : {0, 1}) EXPECT_TRUE(counts(folder.path(), rank, 20));
  ::kill(launcher, SIGKILL);
  ::kill(shell.pid(), SIGKILL);
  EXPECT_TRUE(shell.all_gone(10));
}

TEST(LauncherStopped, TheGraceStandsStill) {
  ChildProcess shell(as_job(driver() + " 2 2 - sh -c 'trap \"echo told; sleep 1; echo saved; exit 0\" TERM; echo up; "
                                       "while :; do sleep 0.02; done'"));
  ASSERT_TRUE(both_up(shell));
  const pid_t launcher = named(shell, "group_driver");
  ::kill(launcher, SIGTERM);
  ASSERT_TRUE(shell.wait_for_output("[rank 0] told") && shell.wait_for_output("[rank 1] told"));
  ::kill(launcher, SIGTSTP);
  ASSERT_TRUE(reaches(launcher, 'T'));
  ::sleep(3);  // longer than the grace
  ::kill(launcher, SIGCONT);
  EXPECT_TRUE(shell.wait_for_output("[rank 0] saved") && shell.wait_for_output("[rank 1] saved")) << shell.out();
  ::kill(shell.pid(), SIGKILL);
  EXPECT_TRUE(shell.all_gone(10));
}

TEST(LauncherOnATerminal, CtrlZGivesTheTerminalBackToTheShellAndFgGoesOn) {
  int status = 0;
  for (const char* ranks : {"1", "2"}) {
    const test::TempDir folder;
    const std::string done = (folder / "done").string();
    const auto shown =
        on_terminal({"bash", "-c",
                     "set -m; " + driver() + " " + ranks + " 5 - sh -c 'echo up$LOCAL_RANK; while [ ! -e " + done +
                         " ]; do sleep 0.02; done; echo went on'; echo stopped with $?; touch " + done +
                         "; fg; echo ended with $?"},
                    *ranks == '1' ? "up0" : "up1", "\x1a", status);
    EXPECT_THAT(shown, HasSubstr("stopped with 148")) << shown;
    EXPECT_THAT(shown, HasSubstr("went on"));
    EXPECT_THAT(shown, HasSubstr("ended with 0"));
  }
}

TEST(LauncherOnATerminal, PrefixesAreColoured) {
  int status = 0;
  EXPECT_THAT(on_terminal(group("5", "echo hi"), "never", "", status), HasSubstr("\x1b[36m[rank 0]\x1b[0m hi"));
}

}  // namespace
}  // namespace tlaunch
