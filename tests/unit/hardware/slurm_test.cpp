#include "hardware/slurm.h"

#include <gtest/gtest.h>

#include <map>

namespace tlaunch {
namespace {

std::optional<SlurmInfo> in(const std::map<std::string, std::string>& variables, double now_s = 1000) {
  return slurm_info(
      [&](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
      },
      now_s);
}

TEST(Slurm, NothingOutsideOfAJob) {
  EXPECT_FALSE(in({}));
  EXPECT_FALSE(in({{"SLURM_JOB_ID", ""}}));
  EXPECT_FALSE(in({{"SLURM_CONF", "/etc/slurm.conf"}, {"SLURM_NTASKS", "4"}}));
}

TEST(Slurm, ReadsTheJob) {
  const auto job = in({{"SLURM_JOB_ID", "1234"},
                       {"SLURM_JOB_NUM_NODES", "2"},
                       {"SLURM_NTASKS", "8"},
                       {"SLURM_JOB_NODELIST", "gpu[01-02]"},
                       {"SLURM_CPUS_PER_TASK", "6"},
                       {"SLURM_JOB_END_TIME", "4600"}});
  ASSERT_TRUE(job);
  EXPECT_EQ(job->job_id, "1234");
  EXPECT_EQ(job->nodes, 2);
  EXPECT_EQ(job->tasks, 8);
  EXPECT_EQ(job->node_list, "gpu[01-02]");
  EXPECT_EQ(job->cpus_per_task, 6);
  EXPECT_EQ(job->time_left_s, 3600);
}

TEST(Slurm, OldNamesDoAsWell) {
  const auto job = in({{"SLURM_JOBID", "9"}, {"SLURM_NNODES", "3"}, {"SLURM_NPROCS", "3"}, {"SLURM_NODELIST", "a"}});
  ASSERT_TRUE(job);
  EXPECT_EQ(job->job_id, "9");
  EXPECT_EQ(job->nodes, 3);
  EXPECT_EQ(job->tasks, 3);
  EXPECT_EQ(job->node_list, "a");
}

TEST(Slurm, WhatIsMissingOrNoNumberIsLeftEmpty) {
  const auto job = in({{"SLURM_JOB_ID", "9"},
                       {"SLURM_NNODES", "two"},
                       {"SLURM_NTASKS", "-1"},
                       {"SLURM_CPUS_PER_TASK", "99999999999999999999"},
                       {"SLURM_JOB_END_TIME", "soon"}});
  ASSERT_TRUE(job);
  EXPECT_FALSE(job->nodes || job->tasks || job->cpus_per_task || job->time_left_s);
}

TEST(Slurm, NoTimeIsLeftAfterTheEnd) {
  EXPECT_EQ(in({{"SLURM_JOB_ID", "9"}, {"SLURM_JOB_END_TIME", "900"}})->time_left_s, 0);
}

}  // namespace
}  // namespace tlaunch
