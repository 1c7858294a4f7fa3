#include "launcher/job/started_once.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/error.h"
#include "tests/support/child_process.h"
#include "tests/support/run_tlaunch.h"

namespace tlaunch {
namespace {

using testing::HasSubstr;
using testing::Not;

using Words = std::vector<std::string>;
using Environment = std::map<std::string, std::string>;

auto in(const Environment& environment) {
  return [environment](const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  };
}

std::string refusal(const Environment& environment) {
  try {
    check_started_once(in(environment));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(StartedOnce, RefusesWhatWouldBeAJobForEachNodeOrTask) {
  EXPECT_THAT(refusal({{"SLURM_STEP_NUM_NODES", "2"}, {"SLURM_STEP_NUM_TASKS", "2"}}), HasSubstr("on 2 nodes"));
  EXPECT_THAT(refusal({{"SLURM_STEP_NUM_NODES", "1"}, {"SLURM_STEP_NUM_TASKS", "4"}}), HasSubstr("--nproc 4"));
  EXPECT_THAT(refusal({{"OMPI_COMM_WORLD_SIZE", "2"}}), HasSubstr("without mpirun"));
  EXPECT_THAT(refusal({{"PMI_SIZE", "2"}}), HasSubstr("without mpirun"));
}

TEST(StartedOnce, RefusesTheCopiesOfLaunchersThatNumberThem) {
  EXPECT_THAT(refusal({{"MV2_COMM_WORLD_RANK", "1"}}),
              HasSubstr("mpirun (MVAPICH2) starts this command several times"));
  EXPECT_THAT(refusal({{"FLUX_TASK_RANK", "0"}, {"FLUX_JOB_SIZE", "2"}}), HasSubstr("flux run"));
  EXPECT_THAT(refusal({{"JSM_NAMESPACE_RANK", "0"}, {"JSM_NAMESPACE_SIZE", "4"}}), HasSubstr("jsrun"));
  EXPECT_THAT(refusal({{"PALS_RANKID", "3"}}), HasSubstr("mpiexec (PALS)"));
  EXPECT_EQ(refusal({{"FLUX_TASK_RANK", "0"}, {"FLUX_JOB_SIZE", "1"}}), "");
  EXPECT_EQ(refusal({{"FLUX_JOB_SIZE", "8"}}), "") << "no task of a job of its own";
}

TEST(StartedOnce, TakesWhatIsStartedOnce) {
  EXPECT_EQ(refusal({}), "");
  EXPECT_EQ(refusal({{"SLURM_STEP_NUM_NODES", "1"}, {"SLURM_STEP_NUM_TASKS", "1"}, {"PMI_SIZE", "1"}}), "");
  EXPECT_EQ(refusal({{"SLURM_JOB_NUM_NODES", "2"}, {"SLURM_NTASKS", "8"}}), "") << "a batch script";
  EXPECT_EQ(refusal({{"SLURM_STEP_NUM_NODES", ""}, {"SLURM_STEP_NUM_TASKS", "many"}}), "");
}

TEST(StartedOnce, NotesThatABatchJobsOtherNodesAreNotUsed) {
  EXPECT_THAT(unused_nodes_note(in({{"SLURM_JOB_NUM_NODES", "3"}}), "node7"),
              HasSubstr("3 nodes; tlaunch uses one, node7"));
  EXPECT_EQ(unused_nodes_note(in({{"SLURM_JOB_NUM_NODES", "1"}}), "node7"), "");
  EXPECT_EQ(unused_nodes_note(in({{"SLURM_JOB_NUM_NODES", "3"}, {"SLURM_STEP_NUM_NODES", "1"}}), "node7"), "");
  EXPECT_EQ(unused_nodes_note(in({}), "node7"), "");
}

test::Finished under(const std::string& variable, Words words) {
  words.insert(words.begin(), {"env", variable, test::program("tlaunch").string()});
  test::ChildProcess child(words);
  return child.wait();
}

TEST(StartedOnce, IsAskedByWhateverStartsRanksAndByNothingElse) {
  const test::TempDir folder;
  test::write(folder / "a.yaml", "no_such_key: 1\n");
  const std::string config = folder / "a.yaml", two = "SLURM_STEP_NUM_NODES=2";
  for (const Words& words : {Words{"--", "echo", "started"}, Words{config}, Words{"tune", config},
                             Words{"evaluate", config, "--checkpoint", "c"}}) {
    const auto finished = under(two, words);
    EXPECT_EQ(finished.exit_code, 2) << words[0];
    EXPECT_THAT(finished.err, HasSubstr("srun starts this command on 2 nodes")) << words[0];
    EXPECT_EQ(finished.out, "");
  }
  for (const Words& words : {Words{"probe"}, Words{"--help"}, Words{"--version"}})
    EXPECT_EQ(under(two, words).exit_code, 0) << words[0];
  EXPECT_THAT(under(two, {"--dry-run", config}).err, Not(HasSubstr("srun")));
  EXPECT_THAT(under(two, {"estimate", config}).err, Not(HasSubstr("srun")));
  const auto noted = under("SLURM_JOB_NUM_NODES=2", {"--nproc", "2", "--", "true"});
  EXPECT_EQ(noted.exit_code, 0);
  EXPECT_THAT(noted.err, testing::StartsWith("tlaunch: note: this Slurm job has 2 nodes"));
  EXPECT_EQ(noted.err.find("Slurm"), noted.err.rfind("Slurm")) << "reported once";
}

}  // namespace
}  // namespace tlaunch
