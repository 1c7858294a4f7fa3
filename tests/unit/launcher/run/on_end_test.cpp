// launch.on_end: runs after every end of a run, never changes that end, and leaves no process behind.
#include "launcher/run/on_end.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "processes/guard/process_tree.h"
#include "tests/support/run_tlaunch.h"
#include "tests/support/running.h"
#include "tests/unit/launcher/run_command_fixture.h"

namespace tlaunch {
namespace {

using test::ChildProcess;
using test::content;
using test::Finished;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
namespace fs = std::filesystem;

class OnEndTest : public test::RunCommandTest {
 protected:
  // Writes a line with its environment to the file `told`.
  std::string note() const {
    return "sh -c 'echo \"$TLAUNCH_STATUS|$TLAUNCH_EXIT_CODE|$TLAUNCH_REASON|$TLAUNCH_NAME|$TLAUNCH_RUN_DIR\" >> " +
           path("told") + "'";
  }
  std::string told() const { return fs::exists(path("told")) ? content(path("told")) : ""; }
  Finished train(std::vector<std::string> arguments, const std::vector<std::string>& variables = {}) const {
    arguments.insert(arguments.begin(), {"--run-dir", path("r"), "--on-end", note(), config_, "train.epochs=1"});
    return tlaunch(arguments, variables);
  }
};

TEST_F(OnEndTest, IsRunOnceAfterACompletedRunWithWhatItWas) {
  const Finished run = train({});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(told(), "completed|0||job|" + path("r") + "\n");
}

TEST_F(OnEndTest, IsToldOfAFailureAndOfARefusalAfterTheFolderWasMade) {
  EXPECT_EQ(train({"train.epochs=2"}, {"FAKE_FAIL=0:7:22"}).exit_code, 7);
  EXPECT_THAT(told(), AllOf(StartsWith("failed|7|rank 0: exit code 7: the fake failure|job|"), HasSubstr(path("r"))));
  fs::remove(path("told"));
  const Finished again = train({});  // the folder holds a run that has saved
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(told(), AllOf(StartsWith("failed|2|"), HasSubstr("holds a run already")));
  EXPECT_EQ(again.err.find("holds a run already"), again.err.rfind("holds a run already")) << "reported once";
}

TEST_F(OnEndTest, IsToldOfARefusalByTheDataCheckWithTheCodeAndTheMessageOfARunWithout) {
  const Finished run = train({}, {"FAKE_CHECK=65:/data/train: not found"});
  EXPECT_EQ(run.exit_code, 65);
  EXPECT_THAT(run.err, HasSubstr("tlaunch: /data/train: not found\n"));
  EXPECT_EQ(told(), "failed|65|/data/train: not found|job|\n");
  fs::remove(path("told"));
  EXPECT_EQ(train({"--nproc", "gpu"}).exit_code, 2) << "there is no GPU";
  EXPECT_THAT(told(), StartsWith("failed|2|"));
  fs::remove(path("told"));
  EXPECT_EQ(train({"train.epochs=many"}).exit_code, 2) << "the config was not accepted";
  EXPECT_EQ(told(), "");
}

TEST_F(OnEndTest, APathIsRelativeToItsFileAndOnTheCommandLineToTheWorkingDirectory) {
  fs::create_directories(path("hooks dir"));
  test::write(path("hooks dir/hook.sh"), "#!/bin/sh\necho \"$1|$TLAUNCH_STATUS\" >> " + path("told") + "\n");
  fs::permissions(path("hooks dir/hook.sh"), fs::perms::owner_all);
  fs::copy_file(path("hooks dir/hook.sh"), path("hook.sh"));
  const auto told_by = [&](const std::vector<std::string>& arguments, const std::string& folder) {
    fs::remove(path("told"));
    fs::remove_all(path("r"));
    auto argv = command(arguments, {"HOME=" + path("hooks dir")});
    argv.insert(argv.begin() + 1, {"-C", folder});
    const Finished run = ChildProcess(argv).wait();
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return told();
  };
  const std::vector<std::string> rest{"--run-dir", path("r"), "train.epochs=1"};
  const auto with = [&](std::vector<std::string> words) {
    words.insert(words.end(), rest.begin(), rest.end());
    return words;
  };
  test::write(path("hooks dir/more.yaml"), "extends: ../job.yaml\nlaunch: {on_end: ./hook.sh 'a  b'}\n");
  EXPECT_EQ(told_by(with({path("hooks dir/more.yaml")}), "/"), "a  b|completed\n");
  EXPECT_THAT(content(path("r/config.yaml")), HasSubstr("hooks dir/hook.sh"));
  EXPECT_EQ(told_by(with({path("hooks dir/more.yaml"), "--on-end", "none"}), "/"), "");
  EXPECT_EQ(told_by(with({config_, "--on-end", "./hook.sh x"}), path("")), "x|completed\n");
  EXPECT_THAT(content(path("r/config.yaml")), HasSubstr("on_end: \"" + path("hook.sh") + " x\""));
  EXPECT_EQ(told_by(with({config_, "launch.on_end=./hook.sh x"}), path("")), "x|completed\n");
  EXPECT_EQ(told_by(with({config_, "--on-end", "~/hook.sh y", "--max-time", "none"}), "/"), "y|completed\n");
  EXPECT_EQ(told_by({"--on-end", "~/hook.sh z", "--max-time", "none", "--no-python", "true"}, "/"), "z|completed\n");
  EXPECT_EQ(told_by({"--on-end", "none", "--no-python", "true"}, "/"), "");
}

TEST_F(OnEndTest, IsRunAfterEachSignalThatEndsTheRun) {
  for (const auto& [signal, name] : {std::pair{SIGTERM, "SIGTERM"}, {SIGHUP, "SIGHUP"}, {SIGINT, "SIGINT"}}) {
    const std::string run_dir = path(name);
    ChildProcess run(command({"--run-dir", run_dir, "--on-end", note(), config_}, {"FAKE_HOLD=" + path("never")}));
    ASSERT_TRUE(test::wait_until([&] { return test::events_of(run_dir, "step").size() >= 2; }));
    ::kill(run.pid(), signal);
    EXPECT_EQ(run.wait().exit_code, 128 + signal);
    EXPECT_EQ(told(), "interrupted|" + std::to_string(128 + signal) + "|" + name + "|job|" + run_dir + "\n");
    EXPECT_TRUE(run.all_gone(5));
    fs::remove(path("told"));
  }
}

TEST_F(OnEndTest, IsRunAfterASmokeTestToo) {
  const Finished run =
      tlaunch({"--smoke", "--smoke-minutes", "0.5", "--run-dir", path("r"), "--on-end", note(), config_});
  EXPECT_THAT(told(), AllOf(StartsWith("completed|" + std::to_string(run.exit_code) + "|"), HasSubstr(path("r"))));
}

TEST_F(OnEndTest, IsNotRunByADryRunAndAKeyOfTheConfigIsTheSame) {
  EXPECT_EQ(tlaunch({"--dry-run", "--on-end", note(), config_}).exit_code, 0);
  EXPECT_EQ(told(), "");
  test::write(path("more.yaml"), "extends: job.yaml\nlaunch: {on_end: \"touch '" + path("a b") + "'\"}\n");
  const Finished run = tlaunch({"--run-dir", path("r"), path("more.yaml"), "train.epochs=1"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(fs::exists(path("a b")));
}

TEST_F(OnEndTest, ACommandThatCannotBeIsRefusedBeforeAnythingStarts) {
  for (const std::string bad : {"no-such-program-at-all x", "/etc/passwd", "./missing", "echo 'open", "''", " "}) {
    const Finished run = tlaunch({"--run-dir", path("r"), "--on-end", bad, config_});
    EXPECT_EQ(run.exit_code, 2) << bad;
    EXPECT_THAT(run.err, HasSubstr("launch.on_end")) << bad;
    EXPECT_FALSE(fs::exists(path("r"))) << bad;
    const auto program = test::run_tlaunch({"--on-end", bad, "--", "echo", "ran"});
    EXPECT_EQ(program.code, 2) << bad;
    EXPECT_THAT(program.err, AllOf(HasSubstr("--on-end: "), testing::Not(HasSubstr("launch.on_end")))) << bad;
    EXPECT_EQ(program.out, "") << bad;
  }
}

TEST_F(OnEndTest, ItsFailureIsToldAndChangesNothing) {
  const Finished run = tlaunch({"--run-dir", path("r"), "--on-end", "sh -c 'echo out; echo err >&2; exit 9'", "--json",
                                config_, "train.epochs=1"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(Json::parse(run.out)["status"], "completed") << "stdout holds the results alone";
  EXPECT_THAT(run.err, AllOf(HasSubstr("out\nerr\n"), HasSubstr("launch.on_end: sh ended with exit code 9")));
}

TEST_F(OnEndTest, WordsAreSplitButNotExpandedAndVariablesOfAConfigAreNone) {
  const Finished run = tlaunch(
      {"--run-dir", path("r"), "--on-end", "printf '[%s]' a 'b c' $HOME ${X} * \"d\\\"e\"", config_, "train.epochs=1"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("[a][b c][$HOME][${X}][*][d\"e]"));
  const auto quoted = test::run_tlaunch({"--on-end", "'printf' '{%s}' \"x y\"", "--", "true"});
  EXPECT_THAT(quoted.err, HasSubstr("{x y}"));
  const Finished first_is_quoted =
      tlaunch({"--run-dir", path("r2"), "--on-end", "'printf' '{%s}' 'it'\\''s'", config_, "train.epochs=1"});
  EXPECT_THAT(first_is_quoted.err, HasSubstr("{it's}"));
}

TEST_F(OnEndTest, SeesNoDescriptorOfOursAndNoTerminalsInput) {
  const auto count = [](const std::string& listing) {
    int descriptors = 0;
    for (std::size_t at = listing.find(" -> "); at != std::string::npos; at = listing.find(" -> ", at + 1))
      ++descriptors;
    return descriptors;
  };
  const Finished direct = ChildProcess({"sh", "-c", "ls -l /proc/self/fd; wc -c"}).wait();
  const Finished run =
      tlaunch({"--run-dir", path("r"), "--on-end", "sh -c 'ls -l /proc/self/fd; wc -c'", config_, "train.epochs=1"});
  EXPECT_EQ(count(run.err), count(direct.out)) << run.err;
  EXPECT_THAT(run.err, AllOf(HasSubstr("0 -> /dev/null"), HasSubstr("\n0\n")));
}

TEST_F(OnEndTest, OfAPlainProgramItIsToldTheSame) {
  const auto end_of = [&](std::vector<std::string> arguments) {
    fs::remove(path("told"));
    arguments.insert(arguments.begin(), {"--on-end", note()});
    test::run_tlaunch(arguments);
    return told();
  };
  EXPECT_EQ(end_of({"--no-python", "true"}), "completed|0||true|\n");
  EXPECT_THAT(end_of({"--nproc", "2", "--run-dir", path("p"), "--no-python", "sh", "-c", "exit 5"}),
              AllOf(StartsWith("failed|5|exit code 5|sh|"), HasSubstr(path("p"))));
  EXPECT_THAT(end_of({"--no-python", "/no/such"}), StartsWith("failed|127|"));
}

// Whether this process has no children left.
bool nothing_left() { return children_of(::getpid()).empty(); }

TEST_F(OnEndTest, WhatHangsIsKilledWithItsChildren) {
  const OnEnd command("sh -c 'sleep 1000 & setsid sleep 1000 & trap \"\" TERM; sleep 1000'", 0.3);
  const double start_s = monotonic_s();
  testing::internal::CaptureStderr();
  EXPECT_EQ(command.around({}, [](RunEnding&) { return 75; }), 75);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("sh still runs after 0.3 s and is killed"));
  EXPECT_LT(monotonic_s() - start_s, 60);
  EXPECT_TRUE(nothing_left());
}

TEST_F(OnEndTest, WhatItLeavesRunningIsStopped) {
  const OnEnd command(
      "sh -c 'setsid sleep 1000 & setsid sh -c \"trap : TERM; while :; do sleep 1000; done\" & exit 0'");
  const double start_s = monotonic_s();
  EXPECT_EQ(command.around({}, [](RunEnding&) { return 0; }), 0);
  EXPECT_LT(monotonic_s() - start_s, 60);
  EXPECT_TRUE(nothing_left());
}

TEST_F(OnEndTest, CtrlCEndsItAndTheRunsExitCodeStays) {
  ChildProcess run(command({"--run-dir", path("r"), "--on-end", "sh -c 'echo > " + path("there") + "; sleep 1000'",
                            config_, "train.epochs=1"}));
  ASSERT_TRUE(test::wait_until([&] { return fs::exists(path("there")); }));
  ::kill(run.pid(), SIGINT);
  const Finished ended = run.wait();
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.err, HasSubstr("sh is killed: SIGINT"));
  EXPECT_TRUE(run.all_gone(5));
}

TEST_F(OnEndTest, ASignalBeforeTheRanksStartIsHeardAndToldOf) {
  const OnEnd command(note());
  const int code = command.around({}, [&](RunEnding& ending) {
    ::kill(::getpid(), SIGTERM);  // would end us
    GroupSpec group;
    group.workers.push_back({.argv = {"sleep", "1000"}, .environment = {}, .log_path = "", .error_path = ""});
    const GroupResult result = run_group(group, {});
    ending.reason = stopped_by(result);
    return result.exit_code;
  });
  EXPECT_EQ(code, 143);
  EXPECT_THAT(told(), HasSubstr("|143|SIGTERM|"));
}

TEST_F(OnEndTest, AnErrorIsThrownOnAfterItWasTold) {
  const OnEnd command(note());
  try {
    command.around({}, [](RunEnding&) -> int { throw IoError("the disk is gone"); });
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), 74);
  }
  EXPECT_THAT(told(), StartsWith("failed|74|the disk is gone|"));
}

}  // namespace
}  // namespace tlaunch
