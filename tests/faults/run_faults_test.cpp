// Faults of a real run, injected: a killed rank, damaged data, a damaged or foreign checkpoint, a folder in use.
#include <gtest/gtest.h>

#include <signal.h>

#include <chrono>

#include "base/json.h"
#include "checkpoint/folder/catalog.h"
#include "tests/support/running.h"
#include "tests/support/sessions_data.h"

namespace tlaunch::test {
namespace {

using Clock = std::chrono::steady_clock;

class RunFaults : public testing::Test {
 protected:
  RunFaults() {
    write_sessions(scratch_ / "data");
    write(config(),
          "model: {name: lstm, hidden_size: 16, num_layers: 1, window: 6, top_g: 3}\n"
          "data: {name: sessions, root: data}\n"
          "train: {epochs: 1, effective_batch_size: 32}\n"
          "tune: {enabled: false}\n"
          "log: {log_interval: 1}\n");
  }
  fs::path config() const { return scratch_ / "lstm.yaml"; }
  std::vector<std::string> job(const std::string& tag, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"--nproc", "2", "--run-dir", scratch_ / tag, config()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  fs::path first_checkpoint(const std::string& tag) const {
    const auto found = list_checkpoints(scratch_ / tag / "checkpoints");
    return found.empty() ? fs::path() : fs::path(found.front().path);
  }

  TempDir scratch_;
};

TEST_F(RunFaults, AKilledRankTakesTheGroupDown) {
  auto arguments = job("run", {"train.epochs=100000"});
  arguments.insert(arguments.begin(), program("tlaunch"));
  const auto launcher = start(arguments, scratch_ / "out", scratch_ / "err");
  ASSERT_TRUE(wait_for_event(scratch_ / "run", "step")) << content(scratch_ / "err");
  const auto workers = workers_of(scratch_ / "run");
  ASSERT_EQ(workers.size(), 2u);
  const auto killed = Clock::now();
  kill(workers[1], SIGKILL);
  EXPECT_EQ(wait_code(launcher), 137);
  EXPECT_LT(Clock::now() - killed, std::chrono::seconds(25)) << "its grace is 30 s";
  EXPECT_TRUE(workers_of(scratch_ / "run").empty());
  const auto summary = Json::parse(content(scratch_ / "run" / "summary.json"));
  EXPECT_EQ(summary["status"], "failed");
  EXPECT_EQ(summary["exit_code"], 137);
  EXPECT_EQ(summary["failure"]["signal"], 9);
}

TEST_F(RunFaults, DamagedDataIsNamedWithFileAndPlace) {
  write(scratch_ / "data" / "hdfs_train", "5 5 22\n5 x7 22 11 9\n");
  const auto outcome = run_tlaunch(job("run"));
  EXPECT_EQ(outcome.code, 65) << outcome.err;
  EXPECT_NE(outcome.err.find("hdfs_train:2:3"), std::string::npos) << outcome.err;
}

TEST_F(RunFaults, AFlippedBitInTheOnlyCheckpointIsFoundAndNothingIsTrainedFromIt) {
  ASSERT_EQ(run_tlaunch(job("run")).code, 0);
  const auto file = first_checkpoint("run");
  auto bytes = content(file);
  bytes[bytes.size() / 2] ^= 1;
  write(file, bytes);
  const auto outcome = run_tlaunch({"--nproc", "1", "--run-dir", scratch_ / "next", "--resume", file, config()});
  EXPECT_EQ(outcome.code, 65) << outcome.err;
  EXPECT_NE(outcome.err.find(file.filename()), std::string::npos) << outcome.err;
}

TEST_F(RunFaults, ACheckpointOfAnotherModelIsRefusedWithTheTensorNamed) {
  ASSERT_EQ(run_tlaunch(job("run")).code, 0);
  const auto outcome = run_tlaunch({"--nproc", "1", "--run-dir", scratch_ / "next", config(), "model.hidden_size=8",
                                    "model.weights=" + first_checkpoint("run").string()});
  EXPECT_EQ(outcome.code, 65) << outcome.err;
  EXPECT_NE(outcome.err.find("weight_ih_l0"), std::string::npos) << outcome.err;
}

TEST_F(RunFaults, AFolderThatHoldsARunIsNotOverwritten) {
  ASSERT_EQ(run_tlaunch(job("run")).code, 0);
  const auto before = content(scratch_ / "run" / "metrics.csv");
  const auto outcome = run_tlaunch(job("run"));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("--resume"), std::string::npos) << outcome.err;
  EXPECT_EQ(content(scratch_ / "run" / "metrics.csv"), before);
}

TEST_F(RunFaults, ALossThatIsNotFiniteEndsTheRunWithAdvice) {
  const auto outcome = run_tlaunch(job("run", {"train.optimizer=sgd", "train.learning_rate=1e12", "train.epochs=50"}));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("learning_rate"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace tlaunch::test
