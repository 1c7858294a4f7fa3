// Plain programs under the built tlaunch, as a user starts them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>

#include "child_process.h"
#include "tests/support/run_tlaunch.h"

namespace tlaunch {
namespace {

using test::content;
using test::TempDir;
using testing::HasSubstr;
using testing::Not;

test::Outcome run_two(std::vector<std::string> options, const std::string& script) {
  options.insert(options.end(), {"--nproc_per_node=2", "--no-python", "sh", "-c", script, "sh"});
  return test::run_tlaunch(options);
}

TEST(ProgramMode, RedirectedStreamsGoToTheLogAloneAndTeedOnesToBoth) {
  const TempDir folder;
  const auto run = run_two({"--log_dir", folder.path(), "-r", "0:3,1:1", "-t", "1:1"}, "echo out $RANK; echo err $RANK >&2");
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out, "[rank 1] out 1\n");
  EXPECT_EQ(run.err, "[rank 1] err 1\n");
  EXPECT_THAT(content(folder / "attempt_0/rank_0.log"), HasSubstr("out 0\n"));
  EXPECT_THAT(content(folder / "attempt_0/rank_0.log"), HasSubstr("err 0\n"));
  EXPECT_THAT(content(folder / "attempt_0/rank_1.log"), HasSubstr("out 1\n"));

  const auto again = run_two({"--log_dir", folder.path(), "--local-ranks-filter=1"}, "echo again $RANK");
  EXPECT_EQ(again.out, "[rank 1] again 1\n");
  EXPECT_EQ(content(folder / "attempt_1/rank_0.log"), "again 0\n") << "runs keep apart";
}

TEST(ProgramMode, RedirectedOutputWithoutAFolderIsKeptInTheRunsFolder) {
  const TempDir folder;
  test::ChildProcess child({"sh", "-c", "cd " + folder.path().string() + " && exec " + test::program("tlaunch").string() +
                                            " -r 3 --no-python sh -c 'echo hidden'"});
  const auto finished = child.wait();
  EXPECT_EQ(finished.out, "");
  EXPECT_THAT(finished.err, HasSubstr("tlaunch: logs in " + (folder / "runs/sh/").string()));
  int logs = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "runs/sh")) {
    if (entry.path().filename() != "rank_0.log") continue;
    ++logs;
    EXPECT_EQ(content(entry.path()), "hidden\n");
  }
  EXPECT_EQ(logs, 1);
}

TEST(ProgramMode, TheLocalRankStandsForItsMacro) {
  const auto run = test::run_tlaunch({"--nproc", "2", "--no-python", "echo", "--local-rank=${local_rank}", "$HOME"});
  EXPECT_THAT(run.out, HasSubstr("[rank 0] --local-rank=0 $HOME\n"));
  EXPECT_THAT(run.out, HasSubstr("[rank 1] --local-rank=1 $HOME\n"));
}

}  // namespace
}  // namespace tlaunch
