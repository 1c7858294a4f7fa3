// Trials by real processes (fake_trial_worker.py): answers, failures of each kind, and no process left behind.
#include "launcher/tune/trial_group.h"

#include <gmock/gmock.h>
#include <optional>

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "hardware/cpu.h"
#include "hardware/numa.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;
using test::content;
using test::TempDir;
using ::testing::HasSubstr;
using ::testing::Not;

// As fake_trial_worker.py has them.
enum Fate : std::int64_t {
  killed = 101,
  out_of_memory,
  peer_notices_first,
  hang,
  ctrl_c,
  fault,
  garbled,
  strange_rank,
  leaves,
  leaves_a_child
};

class TrialGroupTest : public testing::Test {
 protected:
  TrialGroupTest() {
    PreparedJob prepared;
    fs::copy_file(std::string(std::getenv("TLAUNCH_SOURCE_DIR")) + "/tests/unit/launcher/tune/fake_trial_worker.py",
                  folder_ / "worker.py");
    mark_ = "TRIAL_GROUP_TEST_" + std::to_string(::getpid());
    ::setenv(mark_.c_str(), "1", 1);
    ::setenv("FAKE_LAUNCHER", std::to_string(::getpid()).c_str(), 1);
    ::setenv("FAKE_FOLDER", folder_.path().c_str(), 1);
    prepared.worker_path = folder_ / "worker.py";
    prepared.worker.models.push_back({"resnet", "", "image", {}, {}});
    prepared.worker.datasets.push_back({"fashion_mnist", "", "image", "/nowhere", {}, {}});
    prepared.loaded.config.name = "job";
    prepared.loaded.config.model.name = "resnet";
    prepared.loaded.config.data.name = "fashion_mnist";
    prepared.loaded.config.train.epochs = 1;
    prepared.world.size = 2;
    prepared.placement.ranks.resize(2);
    job_.emplace(prepared, Plan());
  }
  ~TrialGroupTest() override { ::unsetenv(mark_.c_str()); }

  static TrialSpec spec(std::int64_t micro_batch) {
    static std::int64_t id = 0;
    TrialSpec spec;
    spec.id = ++id;
    spec.candidates.resize(1);
    spec.candidates[0].micro_batch = micro_batch;
    return spec;
  }

  // Number of descendants of this process that are not zombies.
  int alive() const {
    int count = 0;
    DIR* proc = ::opendir("/proc");
    while (const dirent* entry = ::readdir(proc))
      if (const auto pid = std::atol(entry->d_name); pid > 0 && pid != ::getpid())
        count += content("/proc/" + std::to_string(pid) + "/environ").find(mark_) != std::string::npos;
    ::closedir(proc);
    return count;
  }
  // The cores that the rank may use, from the kernel's list.
  std::string cores_of_rank(int rank) const {
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const std::string environment = content(entry.path() / "environ");
      if (environment.find(mark_) == std::string::npos ||
          environment.find(std::string("\0RANK=", 6) + std::to_string(rank)) == std::string::npos)
        continue;
      const std::string status = content(entry.path() / "status"), field = "Cpus_allowed_list:\t";
      const std::size_t start = status.find(field) + field.size();
      return status.substr(start, status.find('\n', start) - start);
    }
    return "no such rank";
  }
  void expect_nothing_is_left() const {
    EXPECT_EQ(alive(), 0);
    EXPECT_TRUE(::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD);
  }

  TempDir folder_;
  std::string mark_;
  std::optional<Job> job_;
};

TEST_F(TrialGroupTest, AnswersOfTheRanksBecomeOne) {
  {
    TrialGroup group(*job_, "");
    const auto asked = spec(8);
    const auto result = group.run(asked);
    EXPECT_EQ(result.outcome, TrialOutcome::ok) << result.message;
    EXPECT_EQ(result.id, asked.id);
    ASSERT_EQ(result.candidates.size(), 1u);
    EXPECT_EQ(result.candidates[0].step_times_s, (std::vector<double>{0.011, 0.013}));  // the slowest rank's, each time
    EXPECT_TRUE(std::isnan(result.candidates[0].last_loss));
    EXPECT_EQ(result.peak_bytes, 1010u);  // the largest rank's
    EXPECT_EQ(result.idle_bytes, 101u);   // of that rank
    EXPECT_EQ(result.make_batch_s, 0.002);
    EXPECT_EQ(result.candidates[0].wait_shares, (std::vector<double>{0.1, 0.2}));
    EXPECT_EQ(result.log_cost_s, 0.0002);
    EXPECT_EQ(result.gpu_log_cost_s, 0.002);
    EXPECT_EQ(result.save_copy_s, 0.006);
    EXPECT_EQ(result.save_bytes, 1000u);
    EXPECT_EQ(result.facts.train_samples, 640);
    EXPECT_TRUE(result.facts.batch_norm);
    EXPECT_GT(result.seconds, 0);
    EXPECT_GE(group.elapsed_s(), result.seconds);
    EXPECT_GT(alive(), 0) << "kept for the next trial";
  }
  expect_nothing_is_left();
}

TEST_F(TrialGroupTest, WorkersArePinnedLikeTheRunsRanks) {
  const int core = affinity_cores().back();
  job_->placement.ranks[1].cores = {core};
  TrialGroup group(*job_, "");
  ASSERT_EQ(group.run(spec(8)).outcome, TrialOutcome::ok);
  EXPECT_EQ(cores_of_rank(0), list_of_numbers(affinity_cores()));
  EXPECT_EQ(cores_of_rank(1), std::to_string(core));
}

TEST_F(TrialGroupTest, OneStartServesManyTrials) {
  TrialGroup group(*job_, "");
  const auto first = group.run(spec(8)), second = group.run(spec(16));
  EXPECT_EQ(second.outcome, TrialOutcome::ok);
  EXPECT_EQ(first.facts.parameters, second.facts.parameters) << "the same process";
}

TEST_F(TrialGroupTest, ARankKilledByTheSystemIsOutOfMemoryAndTheNextTrialGetsNewProcesses) {
  TrialGroup group(*job_, "");
  const auto before = group.run(spec(8));
  const auto result = group.run(spec(killed));
  EXPECT_EQ(result.outcome, TrialOutcome::out_of_memory);
  expect_nothing_is_left();  // the unharmed rank included
  const auto after = group.run(spec(8));
  EXPECT_EQ(after.outcome, TrialOutcome::ok) << after.message;
  EXPECT_NE(after.facts.parameters, before.facts.parameters);
}

TEST_F(TrialGroupTest, ARankThatSaysItRanOutOfMemoryIsBelieved) {
  TrialGroup group(*job_, "");
  const auto result = group.run(spec(out_of_memory));
  EXPECT_EQ(result.outcome, TrialOutcome::out_of_memory);
  EXPECT_EQ(result.message, "cannot have 3 GB more");  // one line
}

TEST_F(TrialGroupTest, APeerThatOnlyNoticesDoesNotHideIt) {
  TrialGroup group(*job_, "");
  const auto result = group.run(spec(peer_notices_first));
  EXPECT_EQ(result.outcome, TrialOutcome::out_of_memory);
  EXPECT_EQ(result.message, "cannot have 3 GB more");
}

TEST_F(TrialGroupTest, AFaultIsACrashInItsOwnWords) {
  TrialGroup group(*job_, "");
  const auto result = group.run(spec(fault));
  EXPECT_EQ(result.outcome, TrialOutcome::crashed);
  EXPECT_EQ(result.message, "an illegal memory access was encountered");
  EXPECT_EQ(group.run(spec(8)).outcome, TrialOutcome::ok);
}

TEST_F(TrialGroupTest, ARankThatDoesNotAnswerHangs) {
  TrialGroup group(*job_, "", {30, 0.3});
  ASSERT_EQ(group.run(spec(8)).outcome, TrialOutcome::ok);
  const auto result = group.run(spec(hang));
  EXPECT_EQ(result.outcome, TrialOutcome::hung);
  EXPECT_THAT(result.message, HasSubstr("no answer within"));
  EXPECT_LT(result.seconds, 60);
  expect_nothing_is_left();
  EXPECT_EQ(group.run(spec(8)).outcome, TrialOutcome::ok);
}

TEST_F(TrialGroupTest, CtrlCInterrupts) {
  TrialGroup group(*job_, "");
  const auto result = group.run(spec(ctrl_c));
  EXPECT_EQ(result.outcome, TrialOutcome::interrupted);
  expect_nothing_is_left();
}

TEST_F(TrialGroupTest, AnAnswerThatCannotBeReadIsACrashAndNoException) {
  TrialGroup group(*job_, "");
  for (const auto fate : {garbled, strange_rank}) {
    const auto result = group.run(spec(fate));
    EXPECT_EQ(result.outcome, TrialOutcome::crashed);
    EXPECT_THAT(result.message, HasSubstr("cannot be read"));
    EXPECT_LT(result.seconds, 50);
    expect_nothing_is_left();
  }
  EXPECT_EQ(group.run(spec(8)).outcome, TrialOutcome::ok);
}

TEST_F(TrialGroupTest, ARankThatLeavesWithoutAnAnswerIsACrashAtOnceAndNoHang) {  // its peer waits for it
  TrialGroup group(*job_, "", {60, 60});
  const auto result = group.run(spec(leaves));
  EXPECT_EQ(result.outcome, TrialOutcome::crashed);
  EXPECT_THAT(result.message, HasSubstr("rank 0 left without an answer"));
  EXPECT_LT(result.seconds, 50);
  expect_nothing_is_left();
  EXPECT_EQ(group.run(spec(8)).outcome, TrialOutcome::ok);
}

TEST_F(TrialGroupTest, WhatAWorkerLeftRunningGoesWithIt) {
  {
    TrialGroup group(*job_, "");
    ASSERT_EQ(group.run(spec(leaves_a_child)).outcome, TrialOutcome::ok);
  }
  expect_nothing_is_left();
}

TEST_F(TrialGroupTest, AWorkerThatIsNotThereIsACrashThatNamesIt) {
  job_->worker_path = folder_ / "no-such-worker";
  TrialGroup group(*job_, "");
  const auto result = group.run(spec(8));
  EXPECT_EQ(result.outcome, TrialOutcome::crashed);
  EXPECT_THAT(result.message, HasSubstr("no-such-worker: not found"));
}

TEST_F(TrialGroupTest, TheirOutputGoesToTheLogsAndNotToTheTerminal) {
  fs::create_directories(folder_ / "logs");
  testing::internal::CaptureStdout();
  {
    TrialGroup group(*job_, folder_ / "logs");
    ASSERT_EQ(group.run(spec(8)).outcome, TrialOutcome::ok);
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_THAT(content(folder_ / "logs/rank_0.log"), HasSubstr("rank 0 measures"));
  EXPECT_THAT(content(folder_ / "logs/rank_1.log"), HasSubstr("rank 1 measures"));
}

}  // namespace
}  // namespace tlaunch
