// Plain programs that hang under the built tlaunch: when they are ended, and what is reported about each rank.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "base/json.h"
#include "tests/support/run_tlaunch.h"

namespace tlaunch {
namespace {

using test::content;
using test::TempDir;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

// A script whose ranks do what its option says.
constexpr const char* script = R"(import os, signal, socket, sys, time
pair = socket.socketpair()

def receive():
    pair[0].recv(1)

def nap():
    time.sleep(1000)

def stop():
    os.kill(os.getpid(), signal.SIGSTOP)

def spin():
    while True:
        pass

print('up', flush=True)
while not all(os.path.exists(sys.argv[1] + str(rank)) for rank in range(int(os.environ['WORLD_SIZE']))):
    open(sys.argv[1] + os.environ['RANK'], 'w').close()
    time.sleep(0.01)
globals()[sys.argv[2 + int(os.environ['RANK'])]]()
)";

class ProgramHang : public testing::Test {
 protected:
  ProgramHang() { test::write(folder_ / "train.py", script); }
  ~ProgramHang() override { ::setenv("PATH", path_.c_str(), 1); }

  // Starts one rank per word of `what`, with or without logs in run().
  test::Outcome run_ranks(const std::vector<std::string>& what, bool logs) {
    std::vector<std::string> arguments{"--nproc", std::to_string(what.size()), "--hang-timeout", "2"};
    if (logs) arguments.insert(arguments.end(), {"--run-dir", run()});
    arguments.insert(arguments.end(), {folder_ / "train.py", folder_ / "here_"});
    arguments.insert(arguments.end(), what.begin(), what.end());
    return test::run_tlaunch(arguments);
  }
  std::filesystem::path run() const { return folder_ / "run"; }
  Json failure() const { return Json::parse(content(run() / "summary.json")).at("failure"); }
  std::string stacks(int rank) const {
    return content(run() / "logs/attempt_0" / ("stacks_" + std::to_string(rank) + ".txt"));
  }
  void put_in_path(const std::string& name, const std::string& shell_script) {
    test::write(folder_ / ("bin/" + name), "#!/bin/sh\n" + shell_script);
    std::filesystem::permissions(folder_ / ("bin/" + name), std::filesystem::perms::owner_all);
    ::setenv("PATH", ((folder_ / "bin").string() + ":" + path_).c_str(), 1);
  }
  // The place of a function of the script, as reports show it.
  std::string in(const std::string& function) const {
    return "in " + function + " (" + (folder_ / "train.py").string() + ":";
  }

  const TempDir folder_;
  const std::string path_ = test::variable("PATH", "");
};

TEST_F(ProgramHang, TheRankThatSleepsWhileTheOthersWaitIsTheLikelyCause) {
  const auto outcome = run_ranks({"receive", "nap", "receive"}, true);
  EXPECT_EQ(outcome.code, 124) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("tlaunch: the group hangs: no output of any rank for "),
                                 HasSubstr("rank 0 waits (recv), " + in("receive")),
                                 ContainsRegex("rank 1 sleeps \\((clock_nanosleep|select)\\), in nap"),
                                 HasSubstr("rank 2 waits (recv), " + in("receive")),
                                 ContainsRegex("root cause: rank 1 \\(on host [^)]+\\) failed: hang: "),
                                 HasSubstr("likely because of rank 1"), Not(HasSubstr("Current thread"))));
  EXPECT_EQ(failure()["rank"], 1);
  EXPECT_THAT(failure()["message"].get<std::string>(), HasSubstr("likely because of rank 1, which sleeps"));
  EXPECT_THAT(stacks(0), AllOf(HasSubstr("State:"), HasSubstr("in receive")));
  EXPECT_THAT(stacks(1), HasSubstr("in nap"));
}

TEST_F(ProgramHang, WhereNoRankStandsOutTheGroupHangs) {
  const auto outcome = run_ranks({"nap", "nap"}, true);
  EXPECT_EQ(outcome.code, 124) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("root cause: hang: no output of any rank"), HasSubstr(in("nap")),
                                 HasSubstr("no single rank stands out"), Not(HasSubstr("rank 0 failed"))));
  EXPECT_TRUE(failure()["rank"].is_null()) << failure();
}

TEST_F(ProgramHang, AStoppedRankIsNamedAndItsStackIsKeptAllTheSame) {
  const auto outcome = run_ranks({"receive", "stop"}, true);
  EXPECT_EQ(outcome.code, 124) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("rank 1 is stopped by a signal (state T), " + in("stop")));
  EXPECT_EQ(failure()["rank"], 1);
  EXPECT_THAT(stacks(1), HasSubstr("in stop"));
}

TEST_F(ProgramHang, ARankThatComputesForEverIsNamedWithoutAnyLogsToo) {
  const auto outcome = run_ranks({"spin", "receive"}, false);
  EXPECT_EQ(outcome.code, 124) << outcome.err;
  EXPECT_THAT(outcome.err,
              AllOf(ContainsRegex("rank 0 computes \\([0-9]+ % of a core\\), in spin"),
                    HasSubstr("rank 1 waits (recv), " + in("receive")),
                    ContainsRegex("root cause: rank 0 \\(on host [^)]+\\) failed: hang"), HasSubstr("Current thread")));
}

TEST_F(ProgramHang, TheProcessThatAWrapperWaitsForIsLookedAt) {
  const auto wrapped =
      test::run_tlaunch({"--nproc", "2", "--hang-timeout", "2", "--no-python", "sh", "-c", "python3 \"$@\"; exit $?",
                         "sh", folder_ / "train.py", folder_ / "here_", "receive", "nap"});
  EXPECT_THAT(wrapped.err, AllOf(HasSubstr("rank 0 waits (recv), " + in("receive")), HasSubstr(in("nap")),
                                 ContainsRegex("root cause: rank 1 \\(on host [^)]+\\) failed: hang")));
}

TEST_F(ProgramHang, WherePySpyIsThereItTellsTheStacks) {
  put_in_path("py-spy", "echo 'Thread 1 (idle): \"MainThread\"'; echo \"    seen ($2:7)\"\n");
  const auto outcome = run_ranks({"receive", "nap"}, true);
  EXPECT_THAT(outcome.err, HasSubstr("in seen (--full-filenames:7)"));
  EXPECT_THAT(stacks(1), AllOf(HasSubstr("py-spy dump:"), Not(HasSubstr("SIGABRT"))));
}

TEST_F(ProgramHang, APySpyThatMayNotLookIsToldOnceAndDoneWithout) {
  put_in_path("py-spy", "echo 'Permission Denied: try sudo' >&2; exit 1\n");
  const auto outcome = run_ranks({"receive", "nap"}, true);
  const auto first = outcome.err.find("cannot look at rank 0: Permission Denied: try sudo");
  EXPECT_NE(first, std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find("cannot look at", first + 1), std::string::npos) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr(in("nap")));
}

TEST_F(ProgramHang, AStartUpMayTakeLongerThanTheLimit) {
  const auto outcome =
      test::run_tlaunch({"--nproc", "2", "--hang-timeout", "1", "--no-python", "sh", "-c", "sleep 4; echo up"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST_F(ProgramHang, ASignalThatMayMeanAnythingToAProgramIsNotSent) {
  test::write(folder_ / "wait.py",
              "import os, signal, sys\n"
              "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])\n"  // as in our own workers
              "print('up', flush=True)\n"
              "signal.sigwait([signal.SIGUSR2])\n"
              "open(sys.argv[1], 'w').close()\n");
  const auto outcome =
      test::run_tlaunch({"--hang-timeout", "1", "--run-dir", run(), folder_ / "wait.py", folder_ / "told"});
  EXPECT_EQ(outcome.code, 124) << outcome.err;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "told"));
}

}  // namespace
}  // namespace tlaunch
