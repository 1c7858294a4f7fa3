// Data, weights and models that cannot be loaded are reported before anything is measured or started: once, and with
// the exit code that a run would have had.
#include <gtest/gtest.h>

#include "checkpoint/safetensors/safetensors.h"
#include "tests/support/run_tlaunch.h"
#include "tests/support/sessions_data.h"

namespace tlaunch::test {
namespace {

class Check : public testing::Test {
 protected:
  Check() {
    write_sessions(scratch_ / "data");
    write(scratch_ / "lstm.yaml",
          "model: {name: lstm, hidden_size: 16, num_layers: 1, window: 6, top_g: 3}\n"
          "data: {name: sessions, root: data}\n"
          "train: {max_steps: 3, effective_batch_size: 64}\n");
  }
  std::vector<std::string> with(std::vector<std::string> words, const std::vector<std::string>& more) const {
    words.push_back(scratch_ / "lstm.yaml");
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  // For every way to start the job: `wrong` is reported once, with that exit code, and nothing is measured.
  void expect_told_once(const std::vector<std::string>& wrong, int code, const std::string& what) const {
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {"--nproc", "2", "--run-dir", scratch_ / "run"}, {"--dry-run"}, {"--smoke"}, {"tune"}, {"estimate"}}) {
      const Outcome told = run_tlaunch(with(words, wrong));
      EXPECT_EQ(told.code, code) << words[0] << ": " << told.err;
      EXPECT_NE(told.err.find(what), std::string::npos) << told.err;
      EXPECT_EQ(told.err.find(what), told.err.rfind(what)) << words[0] << " reports it more than once: " << told.err;
      EXPECT_EQ(told.err.find("tuning"), std::string::npos) << told.err;
    }
  }
  TempDir scratch_;
};

TEST_F(Check, MissingAndBadData) {
  expect_told_once({"data.root=/nonexistent"}, 65, "/nonexistent/hdfs_train: not found");
  write_sessions(scratch_ / "bad");
  write(scratch_ / "bad/hdfs_train", "1 2 x\n");
  expect_told_once({"data.root=" + (scratch_ / "bad").string()}, 65, "is not a log key");
}

TEST_F(Check, MissingAndMisfitWeights) {
  expect_told_once({"model.weights=/nonexistent.safetensors"}, 2, "/nonexistent.safetensors");
  const Outcome trained = run_tlaunch(with({"--run-dir", scratch_ / "small"}, {"tune.enabled=false"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  const std::string weights = scratch_ / "small/checkpoints/last.safetensors";
  expect_told_once({"model.hidden_size=24", "model.weights=" + weights}, 65, "do not fit this model");
  const Outcome evaluated =
      run_tlaunch(with({"evaluate", "--nproc", "2", "--checkpoint", weights}, {"model.hidden_size=24"}));
  EXPECT_EQ(evaluated.code, 65);
  EXPECT_NE(evaluated.err.find("do not fit"), std::string::npos) << evaluated.err;
  EXPECT_EQ(evaluated.err.find("do not fit"), evaluated.err.rfind("do not fit")) << evaluated.err;
}

// It is refused before tuning, and no folder is left. Settings that differ are reported before that
// (resume_faults_test).
TEST_F(Check, ACheckpointThatCannotBeGoneOnFrom) {
  const Outcome trained = run_tlaunch(with({"--run-dir", scratch_ / "first"}, {"tune.enabled=false"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  const fs::path last = scratch_ / "first/checkpoints/last.safetensors";
  const auto expect_refused = [&](const std::string& checkpoint, const std::string& what) {
    const Outcome told =
        run_tlaunch(with({"--nproc", "2", "--run-dir", scratch_ / "second", "--resume", checkpoint}, {}));
    EXPECT_EQ(told.code, 65) << told.err;
    EXPECT_NE(told.err.find(what), std::string::npos) << told.err;
    EXPECT_NE(told.err.find(checkpoint), std::string::npos) << told.err;
    EXPECT_EQ(told.err.find(what), told.err.rfind(what)) << "more than once: " << told.err;
    EXPECT_EQ(told.err.find("tuning"), std::string::npos) << told.err;
    EXPECT_FALSE(fs::exists(scratch_ / "second"));
  };
  const SafetensorsFile file(last);
  auto tensors = file.tensors();
  std::erase_if(tensors, [](const TensorView& tensor) { return tensor.name.starts_with("tlaunch.optimizer."); });
  write_safetensors(scratch_ / "misfit.safetensors", tensors, file.metadata());
  expect_refused(scratch_ / "misfit.safetensors", "do not fit");
  auto metadata = file.metadata();
  metadata["tlaunch.state"] = R"({"progress": {"step": 3}, "run": {}})";
  write_safetensors(scratch_ / "damaged.safetensors", file.tensors(), metadata);
  expect_refused(scratch_ / "damaged.safetensors", "tlaunch.state");
}

TEST_F(Check, ABatchLargerThanTheDataAndOneLeftToAuto) {
  expect_told_once({"train.effective_batch_size=100000"}, 2, "100000 is more than the");
  std::string few;
  for (int i = 0; i < 4; ++i) few += "1 2 3 4 5 6 7 8\n";
  for (const char* name : {"hdfs_train", "hdfs_test_normal", "hdfs_test_abnormal"}) write(scratch_ / "few" / name, few);
  for (const std::string enabled : {"true", "false"}) {
    const std::string run = scratch_ / ("few_" + enabled);
    const Outcome open = run_tlaunch(with(
        {"--nproc", "2", "--run-dir", run},
        {"data.root=" + (scratch_ / "few").string(), "train.effective_batch_size=auto", "tune.enabled=" + enabled}));
    EXPECT_EQ(open.code, 0) << open.err;
  }
}

}  // namespace
}  // namespace tlaunch::test
