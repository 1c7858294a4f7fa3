// The results of a command on stdout are never lost without an error.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/launcher/run_command_fixture.h"

namespace tlaunch {
namespace {

using test::ChildProcess;
using test::Finished;
using test::RunCommandTest;
using testing::HasSubstr;
using testing::IsEmpty;

class ResultsTest : public RunCommandTest {
 protected:
  // `script` sees the command as "$@".
  Finished in_shell(const std::string& script, const std::vector<std::string>& arguments,
                    const std::vector<std::string>& variables = {}) const {
    std::vector<std::string> argv = {"bash", "-c", script, "bash"};
    const auto words = command(arguments, variables);
    argv.insert(argv.end(), words.begin(), words.end());
    return ChildProcess(argv).wait();
  }
  std::vector<std::vector<std::string>> answering_commands() const {
    return {{"--help"},
            {"--version"},
            {"--completion", "bash"},
            {"tune", "--help"},
            {"checkpoints", "list", "--help"},
            {"probe"},
            {"probe", "--json"},
            {"--dry-run", config_},
            {"--dry-run", "--json", config_},
            {"estimate", "--throughput", "54kimg/h", "--kimg", "300"},
            {"estimate", "--throughput", "54kimg/h", "--kimg", "300", "--json"},
            {"tune", config_},
            {"tune", "--json", config_}};
  }
};

TEST_F(ResultsTest, OnAFullDiskTheyEndWith74AndSayWhy) {
  for (const auto& words : answering_commands()) {
    const Finished full = in_shell("exec \"$@\" > /dev/full", words);
    EXPECT_EQ(full.exit_code, 74) << testing::PrintToString(words) << full.err;
    EXPECT_THAT(full.err, HasSubstr("cannot write the results to standard output: No space left on device"));
  }
}

TEST_F(ResultsTest, APlainProgramWhoseOutputIsLostEndsWith74UnlessItFails) {
  const Finished lost = in_shell("exec \"$@\" > /dev/full", {"--nproc", "2", "--", "echo", "a result"});
  EXPECT_EQ(lost.exit_code, 74);
  EXPECT_THAT(
      lost.err,
      HasSubstr("some output of the program was lost: cannot write to standard output: No space left on device"));
  EXPECT_EQ(in_shell("exec \"$@\" > /dev/full", {"--nproc", "2", "--", "sh", "-c", "echo a; exit 3"}).exit_code, 3);
}

TEST_F(ResultsTest, OnAClosedOutputTheyEndWith74) {
  const Finished closed = in_shell("exec \"$@\" >&-", {"--version"});
  EXPECT_EQ(closed.exit_code, 74);
  EXPECT_THAT(closed.err, HasSubstr("Bad file descriptor"));
}

TEST_F(ResultsTest, AReaderThatWentAwayEndsThemWithoutAWord) {
  // The loop ends when the reader is gone.
  const std::string script =
      "{ (trap '' PIPE; while echo x; do :; done) 2>/dev/null; \"$@\"; echo \"code $?\" >&2; } | :";
  for (const auto& words : answering_commands()) EXPECT_EQ(in_shell(script, words).err, "code 141\n");
  EXPECT_EQ(in_shell("trap '' PIPE; " + script, {"--version"}).err, "code 141\n") << "as started by Python";
}

TEST_F(ResultsTest, ACompletedRunWhoseJsonIsNotPrintedKeepsItsSummary) {
  const Finished run =
      in_shell("exec \"$@\" > /dev/full", {"--run-dir", path("r"), "--json", config_, "train.epochs=1"});
  EXPECT_EQ(run.exit_code, 74) << run.err;
  EXPECT_EQ(summary("r")["status"], "completed");
  const Finished failed =
      in_shell("exec \"$@\" > /dev/full", {"--run-dir", path("f"), "--json", config_}, {"FAKE_FAIL=0:7"});
  EXPECT_EQ(failed.exit_code, 7) << "the run's own exit code matters more";
  EXPECT_THAT(failed.err, HasSubstr("cannot write the results"));
}

TEST_F(ResultsTest, ARunOutlivesTheReaderOfItsNarration) {
  const Finished run = in_shell("{ \"$@\"; echo $? > " + path("code") + "; } 2>&1 | head -n 1",
                                {"--run-dir", path("r"), config_, "launch.max_restarts=1"}, {"FAKE_FAIL=0:7:22:1"});
  EXPECT_EQ(test::content(path("code")), "0\n");
  EXPECT_EQ(summary("r")["restarts"], 1);
}

}  // namespace
}  // namespace tlaunch
