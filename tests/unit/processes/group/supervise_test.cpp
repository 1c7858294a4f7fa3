// Whole groups of real processes, started through group_driver.
#include "processes/group/supervise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <memory>
#include <sstream>

#include "processes/group/this_machine.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

using test::ChildProcess;
using test::content;
using test::driver;
using test::Finished;
using test::run_driver;
using test::TempDir;
using testing::HasSubstr;
using testing::Not;

Finished run_shell(int ranks, const std::string& script, const std::string& grace_s = "10") {
  return run_driver({std::to_string(ranks), grace_s, "-", "sh", "-c", script});
}

std::size_t line_count(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

bool has_python() { return std::system("python3 -c '' >/dev/null 2>&1") == 0; }

TEST(RunGroup, EndsWithZeroWhenAllDo) {
  const auto finished = run_shell(3, "echo out $RANK; echo err $RANK >&2");
  EXPECT_EQ(finished.exit_code, 0);
  for (const char* rank : {"0", "1", "2"}) {
    EXPECT_THAT(finished.out, HasSubstr(std::string("[rank ") + rank + "] out " + rank + "\n"));
    EXPECT_THAT(finished.err, HasSubstr(std::string("[rank ") + rank + "] err " + rank + "\n"));
  }
  EXPECT_EQ(line_count(finished.out + finished.err), 6u);
}

TEST(RunGroup, ARankThatIsDoneDoesNotStopTheOthers) {
  const TempDir folder;
  const std::string pipe = folder / "meet";
  ASSERT_EQ(std::system(("mkfifo " + pipe).c_str()), 0);
  // Rank 1 continues after it has seen that rank 0 is gone.
  const auto finished = run_shell(2, "if [ $RANK = 0 ]; then echo $$ > " + pipe + "; else read pid < " + pipe +
                                         "; while kill -0 $pid 2>/dev/null; do :; done; echo still here; fi");
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.out, "[rank 1] still here\n");
}

TEST(RunGroup, PassesOnTheExitCodeAndNamesTheRank) {
  const auto finished = run_shell(3, "if [ $RANK = 1 ]; then echo bad luck; exit 7; fi; exec sleep 60");
  EXPECT_EQ(finished.exit_code, 7);
  EXPECT_THAT(finished.err, HasSubstr("root cause: rank 1 (on host " + host_name() +
                                      ") failed with exit code 7\nstopped because of it: "));
  EXPECT_THAT(finished.err, HasSubstr("its last lines:\n  | bad luck\n"));
  EXPECT_THAT(finished.err, HasSubstr("rank 0 (SIGTERM (terminated))"));
  EXPECT_LE(line_count(finished.err), 10u);
  EXPECT_LT(finished.seconds, 30) << "the other ranks would sleep for 60 s";
}

TEST(RunGroup, TellsASegmentationFaultInWords) {
  const auto finished = run_shell(2, "if [ $RANK = 1 ]; then ulimit -c 0; kill -SEGV $$; fi; exec sleep 60");
  EXPECT_EQ(finished.exit_code, 139);
  EXPECT_THAT(finished.err, HasSubstr("rank 1 (on host " + host_name() +
                                      ") was killed by SIGSEGV (segmentation fault); exit code 139\n"));
}

TEST(RunGroup, BlamesTheKilledRankAndNotThePeersThatFallWithIt) {
  // Rank 1 waits for rank 0 over a pipe, as ranks do in a collective, and aborts the moment it is gone.
  const TempDir folder;
  const std::string pipe = folder / "collective";
  for (int round = 0; round < 10; ++round) {
    ASSERT_EQ(std::system(("rm -f " + pipe + "; mkfifo " + pipe).c_str()), 0);
    const auto finished = run_shell(2, "ulimit -c 0; if [ $RANK = 0 ]; then exec 3> " + pipe +
                                           "; kill -KILL $$; else read line < " + pipe + "; kill -ABRT $$; fi");
    EXPECT_EQ(finished.exit_code, 137) << finished.err;
    EXPECT_THAT(finished.err, testing::ContainsRegex("rank 0 \\(on host [^)]+\\) was killed by SIGKILL"));
  }
}

// Rank 1 records an error and leaves rank 0 alone, which records that. Times of files have ticks of some milliseconds.
std::string two_records(const std::string& folder, const std::string& raiser, const std::string& peer) {
  return "if [ $RANK = 1 ]; then exec 3> " + folder + "/link; echo '{\"message\": \"planned\"}' > " +
         "$TORCHELASTIC_ERROR_FILE; sleep 0.05; exec 3>&-; while [ ! -e " + folder + "/seen ]; do sleep 0.01; done; " +
         raiser + "; else read line < " + folder + "/link; echo '{\"message\": \"connection lost\"}' > " +
         "$TORCHELASTIC_ERROR_FILE; : > " + folder + "/seen; " + peer + "; fi";
}

TEST(RunGroup, BlamesTheRankThatRaisedAndNotThePeerThatWasStoppedAfterItRecordedALostConnection) {
  const TempDir folder;
  ASSERT_EQ(std::system(("mkfifo " + (folder / "link").string()).c_str()), 0);
  const auto finished = run_shell(2, two_records(folder.path(), "exit 1", "exec sleep 60"));
  EXPECT_EQ(finished.exit_code, 1) << finished.err;
  EXPECT_THAT(finished.err, testing::ContainsRegex("root cause: rank 1 \\(on host [^)]+\\) failed with exit code 1\n"));
  EXPECT_THAT(finished.err, HasSubstr("it said: planned\n"));
}

TEST(RunGroup, BlamesTheRankThatRaisedThoughItsPeerLeftSoonerAndItWasStoppedOnItsWayOut) {
  const TempDir folder;
  ASSERT_EQ(std::system(("mkfifo " + (folder / "link").string()).c_str()), 0);
  const auto finished = run_shell(2, two_records(folder.path(), "exec sleep 60", "exit 3"));
  EXPECT_EQ(finished.exit_code, 1) << finished.err;
  EXPECT_THAT(finished.err,
              testing::ContainsRegex("root cause: rank 1 \\(on host [^)]+\\) failed: an error that it recorded before "
                                     "tlaunch stopped it"));
  EXPECT_THAT(finished.err, HasSubstr("it said: planned\n"));
}

TEST(RunGroup, AFailureThatARankToldOfCountsFromThen) {
  // The same by events: rank 1 reports first and is slow to exit.
  const std::string tell =
      "echo '{\"event\": \"failure\", \"rank\": '$RANK', \"exit_code\": 65}' >&$TLAUNCH_EVENT_FD; ";
  const TempDir folder;
  const std::string sign = folder / "told";
  const auto finished =
      run_driver({"--events", "2", "10", "bash", "-c",
                  "if [ $RANK = 1 ]; then " + tell + ": > " + sign + "; exec sleep 60; else while [ ! -e " + sign +
                      " ]; do sleep 0.01; done; " + tell + "exit 3; fi"});
  EXPECT_EQ(finished.exit_code, 65) << finished.out;
  EXPECT_THAT(finished.out, HasSubstr("RESULT 65 rank 1"));
}

TEST(RunGroup, AProgramThatDoesNotExistIsNotFound) {
  const auto missing = run_driver({"2", "5", "-", "no-such-program-here"});
  EXPECT_EQ(missing.exit_code, 127);
  EXPECT_THAT(missing.err, HasSubstr("cannot start no-such-program-here: not found"));
  const auto folder = run_driver({"2", "5", "-", "/tmp"});
  EXPECT_EQ(folder.exit_code, 126);
  EXPECT_THAT(folder.err, HasSubstr("cannot start /tmp: Permission denied"));
}

TEST(RunGroup, LinesOfTwoRanksNeverMix) {
  // Each writes its lines byte by byte as well as in bursts.
  const auto finished =
      run_shell(2, "i=0; while [ $i -lt 300 ]; do printf 'ab%s' $RANK; printf 'cd%s\\n' $RANK; i=$((i+1)); done");
  ASSERT_EQ(finished.exit_code, 0);
  std::istringstream lines(finished.out);
  std::map<std::string, int> seen;
  for (std::string line; std::getline(lines, line);) ++seen[line];
  EXPECT_EQ(seen, (std::map<std::string, int>{{"[rank 0] ab0cd0", 300}, {"[rank 1] ab1cd1", 300}}));
}

TEST(RunGroup, ALineOfAMegabyteArrivesWhole) {
  const auto finished = run_shell(2, "head -c 1000000 /dev/zero | tr '\\0' $RANK; echo");
  ASSERT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.out.size(), 2 * (1000000 + 10u));
  EXPECT_THAT(finished.out, HasSubstr("[rank 0] " + std::string(1000000, '0') + "\n"));
  EXPECT_THAT(finished.out, HasSubstr("[rank 1] " + std::string(1000000, '1') + "\n"));
}

TEST(RunGroup, LogFilesHoldEveryByteEvenOfBinaryOutput) {
  const TempDir folder;
  const std::string script = "head -c 3000000 /dev/urandom | tee " + (folder / "sent_$RANK").string();
  const auto finished = run_driver({"2", "5", folder.path(), "sh", "-c", script});
  ASSERT_EQ(finished.exit_code, 0);
  for (const std::string rank : {"0", "1"}) {
    EXPECT_TRUE(content(folder / ("sent_" + rank)) == content(folder / ("logs/attempt_0/rank_" + rank + ".log")));
  }
}

TEST(RunGroup, ASingleRanksOutputIsUntouchedAndItReadsStdin) {
  const auto finished =
      run_driver({"1", "5", "-", "sh", "-c", "cat; printf 'no newline'; printf '\\r50%%' >&2"}, "from stdin\n");
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.out, "from stdin\nno newline");
  EXPECT_EQ(finished.err, "\r50%");
}

TEST(RunGroup, SeveralRanksDoNotFightForStdin) {
  const auto finished = run_driver({"2", "5", "-", "cat"}, "from stdin\n");
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.out, "");
}

TEST(RunGroup, OnlyRankZeroGetsTheListeningStore) {
  const auto finished = run_driver({"--events", "2", "5", "sh", "-c",
                                    "echo $RANK store ${TLAUNCH_STORE_FD:+given}.; "
                                    "for f in /proc/self/fd/*; do readlink $f; done | grep -c socket:; true"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("[rank 0] 0 store given.\n"));
  EXPECT_THAT(finished.out, HasSubstr("[rank 1] 1 store .\n"));
  EXPECT_THAT(finished.out, HasSubstr("[rank 0] 1\n"));
  EXPECT_THAT(finished.out, HasSubstr("[rank 1] 0\n"));
}

TEST(RunGroup, CtrlCStopsTheRanksAndEndsWith130) {
  ChildProcess child({driver(), "2", "10", "-", "sh", "-c",
                      "trap 'echo saved; exit 0' INT; echo ready; while :; do sleep 0.01; done"});
  ASSERT_TRUE(child.wait_for_output("[rank 0] ready") && child.wait_for_output("[rank 1] ready"));
  ::kill(child.pid(), SIGINT);
  const auto finished = child.wait();
  EXPECT_EQ(finished.exit_code, 130);
  EXPECT_THAT(finished.out, HasSubstr("[rank 0] saved"));
  EXPECT_THAT(finished.out, HasSubstr("[rank 1] saved"));
  EXPECT_THAT(finished.err, Not(HasSubstr("failed")));
}

TEST(RunGroup, SigtermStopsTheRanksAndEndsWith143) {
  ChildProcess child({driver(), "2", "10", "-", "sh", "-c", "echo ready; exec sleep 60"});
  ASSERT_TRUE(child.wait_for_output("[rank 0] ready") && child.wait_for_output("[rank 1] ready"));
  ::kill(child.pid(), SIGTERM);
  ::kill(child.pid(), SIGTERM);  // as timeout(1) does: one request, no escalation
  const auto finished = child.wait();
  EXPECT_EQ(finished.exit_code, 143);
  EXPECT_THAT(finished.err, Not(HasSubstr("killing")));
  EXPECT_TRUE(child.all_gone(1));
}

TEST(RunGroup, Usr1IsPassedOnToAPlainProgramAndStopsNothing) {
  ChildProcess child({driver(), "2", "10", "-", "sh", "-c",
                      "trap 'echo told; exit 5' USR1; echo ready; while :; do sleep 0.01; done"});
  ASSERT_TRUE(child.wait_for_output("[rank 0] ready") && child.wait_for_output("[rank 1] ready"));
  ::kill(child.pid(), SIGUSR1);
  const auto finished = child.wait();
  EXPECT_EQ(finished.exit_code, 5) << "the program's own";
  EXPECT_THAT(finished.out, HasSubstr("told"));
}

TEST(RunGroup, TwentyGroupsAtOnceMeetEachOnItsOwnPort) {
  if (!has_python()) GTEST_SKIP() << "no python3";
  const TempDir folder;
  const std::string script = folder / "meet.py";
  test::write(script, R"(
import os, socket, sys, time
name = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
if os.environ["RANK"] == "0":
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(name)
    server.listen()
    peer, _ = server.accept()
    assert peer.recv(100).decode() == sys.argv[1], "a rank of another group"
    peer.sendall(b"welcome")
else:
    end = time.time() + 60
    while True:
        try:
            peer = socket.create_connection(name)
            break
        except ConnectionRefusedError:
            if time.time() > end:
                raise
            time.sleep(0.01)
    peer.sendall(sys.argv[1].encode())
    assert peer.recv(100) == b"welcome"
)");
  std::vector<std::unique_ptr<ChildProcess>> groups;
  for (int i = 0; i < 20; ++i) {
    groups.push_back(std::make_unique<ChildProcess>(
        std::vector<std::string>{driver(), "2", "5", "-", "python3", "-S", script, "group " + std::to_string(i)}));
  }
  for (auto& group : groups) {
    const auto finished = group->wait(120);
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
  }
}

}  // namespace
}  // namespace tlaunch
