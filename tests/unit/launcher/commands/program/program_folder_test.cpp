// The folder of a plain program's logs and summary: who may use it, and which files of others stay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "base/error.h"
#include "base/json.h"
#include "launcher/run/run_folder.h"
#include "tests/support/child_process.h"
#include "tests/support/run_tlaunch.h"

namespace tlaunch {
namespace {

using test::content;
using test::TempDir;
using testing::AllOf;
using testing::HasSubstr;

constexpr const char* runs_summary = "{\"status\": \"completed\", \"exit_code\": 0, \"run_dir\": \"/jobs/a\"}\n";

test::Outcome run_in(const std::string& option, const std::filesystem::path& folder, const std::string& shell_script) {
  return test::run_tlaunch({option, folder, "--no-python", "sh", "-c", shell_script});
}

TEST(ProgramFolder, OfARunAtWorkIsRefusedAndStaysAsItIs) {
  const TempDir folder;
  const RunFolder run(folder.path(), 0);  // locked as by a training run that has not written anything yet
  for (const char* option : {"--run-dir", "--log-dir"}) {
    const auto outcome = run_in(option, folder.path(), "echo started");
    EXPECT_EQ(outcome.code, 2) << option;
    EXPECT_THAT(outcome.err, HasSubstr(folder.path().string() + " is in use by another tlaunch")) << option;
    EXPECT_EQ(outcome.out, "") << option;
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ProgramFolder, IsRefusedToARunAndToAnotherProgramWhileAProgramIsAtWork) {
  const TempDir folder;
  test::ChildProcess child(
      {test::program("tlaunch"), "--run-dir", folder.path(), "--no-python", "sh", "-c", "echo up; exec sleep 60"});
  ASSERT_TRUE(child.wait_for_output("up"));
  EXPECT_THROW(RunFolder(folder.path(), 0), UsageError);
  for (const char* option : {"--run-dir", "--log-dir"}) EXPECT_EQ(run_in(option, folder.path(), "true").code, 2);
}

TEST(ProgramFolder, ProgramsMayLogSideBySideButNoRunBesideThem) {
  const TempDir folder;
  test::ChildProcess child(
      {test::program("tlaunch"), "--log-dir", folder.path(), "--no-python", "sh", "-c", "echo up; exec sleep 60"});
  ASSERT_TRUE(child.wait_for_output("up"));
  EXPECT_EQ(run_in("--log-dir", folder.path(), "true").code, 0);
  EXPECT_TRUE(std::filesystem::exists(folder / "attempt_1"));
  EXPECT_THROW(RunFolder(folder.path(), 0), UsageError);
}

TEST(ProgramFolder, IsFreeAgainAtOnceAfterAKilledLauncher) {
  const TempDir folder;
  test::ChildProcess child(
      {test::program("tlaunch"), "--run-dir", folder.path(), "--no-python", "sh", "-c", "echo up; exec sleep 60"});
  ASSERT_TRUE(child.wait_for_output("up"));
  ::kill(child.pid(), SIGKILL);
  EXPECT_EQ(run_in("--run-dir", folder.path(), "true").code, 0);
}

TEST(ProgramFolder, ThatHoldsATrainingRunIsRefused) {
  for (const auto& [name, text] :
       {std::pair("summary.json", runs_summary), std::pair("events.jsonl", "{\"event\": \"start\"}\n"),
        std::pair("plan.json", "{}\n"), std::pair("summary.json", "the user's own\n")}) {
    const TempDir folder;
    test::write(folder / name, text);
    for (const char* option : {"--run-dir", "--log-dir"}) {
      const auto outcome = run_in(option, folder.path(), "echo started");
      EXPECT_EQ(outcome.code, 2) << name << option;
      EXPECT_THAT(outcome.err, AllOf(HasSubstr("holds a run already"), HasSubstr(option))) << name;
      EXPECT_EQ(outcome.out, "");
    }
    EXPECT_EQ(content(folder / name), text);
  }
}

TEST(ProgramFolder, OneProgramAfterTheOtherMayUseIt) {
  const TempDir folder;
  test::write(folder / "config.yaml", "the program's own\n");
  for (const char* code : {"0", "7"})
    EXPECT_EQ(run_in("--run-dir", folder.path(), std::string("exit ") + code).code, code[0] - '0');
  EXPECT_EQ(Json::parse(content(folder / "summary.json"))["exit_code"], 7);
  EXPECT_TRUE(std::filesystem::exists(folder / "logs/attempt_1"));
}

TEST(ProgramFolder, ASummaryThatTheProgramItselfWritesStays) {
  const TempDir folder;
  const auto outcome =
      run_in("--run-dir", folder.path(), "echo my own > " + (folder / "summary.json").string() + "; exit 3");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(content(folder / "summary.json"), "my own\n");
  EXPECT_THAT(outcome.err, HasSubstr("summary.json was not written by tlaunch and is left as it is"));
}

TEST(ProgramFolder, ARestartThatFindsNoRoomForLogsGoesOnWithout) {
  const TempDir folder;
  const std::string logs = folder / "run/logs";
  const auto outcome = test::run_tlaunch(
      {"--run-dir", folder / "run", "--max_restarts=1", "--no-python", "sh", "-c",
       "[ $TORCHELASTIC_RESTART_COUNT = 1 ] && echo again && exit 0; rm -r " + logs + "; : > " + logs + "; exit 1"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "again\n");
  EXPECT_THAT(outcome.err, HasSubstr("continuing without logs"));
  EXPECT_EQ(Json::parse(content(folder / "run/summary.json"))["status"], "completed");
}

TEST(ProgramFolder, ANameThatIsNoUtf8DoesNotChangeHowAProgramEnds) {
  const TempDir folder;
  const auto outcome = test::run_tlaunch({"--run-dir", folder / "caf\xe9", "--no-python", "/no/such/caf\xe9"});
  EXPECT_EQ(outcome.code, 127) << outcome.err;
  EXPECT_EQ(Json::parse(content(folder / "caf\xe9/summary.json"))["exit_code"], 127);
}

TEST(ProgramFolder, AWorkingDirectoryThatIsGoneIsToldWithItsReason) {
  test::ChildProcess child({"sh", "-c",
                            "d=$(mktemp -d) && cd $d && rmdir $d && exec " + test::program("tlaunch").string() +
                                " --run-dir here --no-python true"});
  const auto finished = child.wait();
  EXPECT_EQ(finished.exit_code, 2) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("cannot resolve the relative path 'here': the working directory was removed"));
}

TEST(TuneWrite, LeavesTheConfigOfARunAtWorkAlone) {
  const TempDir folder;
  const RunFolder run(folder.path(), 0);
  test::write(run.file("events.jsonl"), "");
  test::write(run.file("config.yaml"), "model: {name: lstm}\n");
  const auto outcome = test::run_tlaunch({"tune", run.file("config.yaml"), "--write"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("is in use by another tlaunch"));
}

}  // namespace
}  // namespace tlaunch
