// A resumed run ends like an uninterrupted one: the final checkpoints (parameters, optimizer, generators, sampler
// position) are equal byte for byte, and so is the loss log.
#include <gtest/gtest.h>
#include <signal.h>

#include <cmath>
#include <cstring>

#include "checkpoint/folder/catalog.h"
#include "checkpoint/safetensors/safetensors.h"
#include "tests/support/events.h"
#include "tests/support/running.h"
#include "tests/support/sessions_data.h"

namespace tlaunch::test {
namespace {

constexpr const char* fashion_mnist = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz";

class Resume : public testing::TestWithParam<int> {
 protected:
  // 12 steps of 96 samples, saved at 5 and 10 and at the end; the epoch has 625 steps, so all of it is mid-epoch.
  Outcome train(const std::string& tag, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"--nproc", std::to_string(GetParam()), "--run-dir", scratch_ / tag};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const std::vector<std::string> job{source_dir() / "configs/fashion_mnist.yaml",
                                       "tune.enabled=false",
                                       "train.max_steps=12",
                                       "train.effective_batch_size=96",
                                       "model.width=8",
                                       "checkpoint.every_n_steps=5",
                                       "checkpoint.save_top_k=-1",
                                       "eval.every_n_steps=100",
                                       "log.log_interval=1"};
    arguments.insert(arguments.end(), job.begin(), job.end());
    return run_tlaunch(arguments);
  }

  fs::path checkpoint(const std::string& tag, std::int64_t step) {
    for (const auto& info : list_checkpoints(scratch_ / tag / "checkpoints"))
      if (info.step == step) return info.path;
    ADD_FAILURE() << "no checkpoint of step " << step << " in " << tag;
    return {};
  }

  // metrics.csv without its column of rates, which differs between any two runs.
  std::string losses(const std::string& tag) {
    std::istringstream lines(content(scratch_ / tag / "metrics.csv"));
    std::string kept;
    for (std::string line; std::getline(lines, line);) {
      std::istringstream cells(line);
      std::string cell;
      for (int column = 0; std::getline(cells, cell, ','); ++column)
        if (column != 4) kept += cell + ",";
      kept += "\n";
    }
    return kept;
  }

  TempDir scratch_;
};

TEST_P(Resume, InMidEpochEndsByteForByteAsTheUninterruptedRun) {
  if (!fs::exists(fashion_mnist)) GTEST_SKIP() << "Debian's dataset-fashion-mnist is not installed";
  const auto whole = train("whole");
  ASSERT_EQ(whole.code, 0) << whole.err;
  const auto part = train("part");
  ASSERT_EQ(part.code, 0) << part.err;
  EXPECT_EQ(content(checkpoint("whole", 12)), content(checkpoint("part", 12))) << "two equal runs differ already";

  for (const auto step : {12, 10}) fs::remove(checkpoint("part", step));
  const auto resumed = train("part", {"--resume", "auto"});
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(content(checkpoint("whole", 10)), content(checkpoint("part", 10)));
  EXPECT_EQ(content(checkpoint("whole", 12)), content(checkpoint("part", 12)));
  EXPECT_EQ(losses("whole"), losses("part"));
}

INSTANTIATE_TEST_SUITE_P(Ranks, Resume, testing::Values(1, 2, 3),
                         [](const auto& info) { return std::to_string(info.param); });

// A small LSTM on made-up logs: quick enough to resume at many steps.
class ResumeLstm : public testing::Test {
 protected:
  ResumeLstm() {
    write_sessions(scratch_ / "data");
    write(scratch_ / "lstm.yaml",
          "model: {name: lstm, hidden_size: 16, num_layers: 2, window: 6, top_g: 3}\n"
          "data: {name: sessions, root: data}\n"
          "train: {max_steps: 24, effective_batch_size: 64, optimizer: adamw}\n"
          "eval: {every_n_steps: 7}\n"
          "checkpoint: {every_n_steps: 1, save_top_k: -1}\n"
          "tune: {enabled: false}\n"
          "log: {log_interval: 1}\n");
  }
  std::vector<std::string> job(const std::string& tag, int ranks, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"--nproc", std::to_string(ranks), "--run-dir", scratch_ / tag,
                                       scratch_ / "lstm.yaml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  void train(const std::string& tag, int ranks, std::vector<std::string> more = {}) const {
    const auto outcome = run_tlaunch(job(tag, ranks, std::move(more)));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }
  fs::path checkpoint(const std::string& tag, std::int64_t step) const {
    for (const auto& info : list_checkpoints(scratch_ / tag / "checkpoints"))
      if (info.step == step) return info.path;
    ADD_FAILURE() << "no checkpoint of step " << step << " in " << tag;
    return {};
  }
  void remove_from(const std::string& tag, std::int64_t step) const {
    for (const auto& info : list_checkpoints(scratch_ / tag / "checkpoints"))
      if (info.step >= step) fs::remove(info.path);
  }
  TempDir scratch_;
};

TEST_F(ResumeLstm, FromAnyStepEndsByteForByteAsTheUninterruptedRun) {
  train("whole", 2);
  for (const std::int64_t step : {1, 6, 7, 8, 14, 20, 23}) {  // before, at and after evaluations
    const auto tag = "from_" + std::to_string(step);
    fs::copy(scratch_ / "whole", scratch_ / tag, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    remove_from(tag, step + 1);
    train(tag, 2, {"--resume", "auto"});
    for (const std::int64_t later : {step + 1, std::int64_t{24}})
      EXPECT_EQ(content(checkpoint(tag, later)), content(checkpoint("whole", later)))
          << "from " << step << " at " << later;
  }
}

TEST_F(ResumeLstm, AfterAnEvaluationCutShortEndsAsTheUninterruptedRun) {
  const std::vector<std::string> rare{"checkpoint.every_n_steps=5"};
  train("whole", 2, rare);
  auto arguments = job("cut", 2, rare);
  arguments.insert(arguments.begin(), program("tlaunch"));
  const auto launcher = start(arguments, scratch_ / "out", scratch_ / "err");
  ASSERT_TRUE(wait_for_event(scratch_ / "cut", [](const Json& event) {
    return event["event"] == "step" && event["step"] == 7;
  })) << content(scratch_ / "err");  // then comes an evaluation
  for (const pid_t worker : workers_of(scratch_ / "cut")) kill(worker, SIGKILL);
  wait_code(launcher);
  remove_from("cut", 8);  // if the kill came late
  train("cut", 2, {"--resume", "auto", "checkpoint.every_n_steps=5"});
  EXPECT_EQ(content(checkpoint("cut", 10)), content(checkpoint("whole", 10)));
  EXPECT_EQ(content(checkpoint("cut", 24)), content(checkpoint("whole", 24)));
}

TEST_F(ResumeLstm, TheSameDataElsewhereAreGoneOnFromAndOtherDataAreNot) {
  train("run", 2, {"train.max_steps=4"});
  fs::copy(scratch_ / "data", scratch_ / "moved", fs::copy_options::recursive);
  fs::remove_all(scratch_ / "data");
  const std::vector<std::string> moved{"--resume", "auto", "train.max_steps=8", "train.schedule=cosine",
                                       "data.root=" + (scratch_ / "moved").string()};
  const auto resumed = run_tlaunch(job("run", 2, moved));
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(resumed.err.find("data.root"), std::string::npos) << resumed.err;

  for (const std::string name : {"hdfs_test_abnormal", "hdfs_train"}) {
    std::string text = content(scratch_ / "moved" / name);
    const auto first = text.find_first_of("0123456789", text.find(' '));
    text[first] = text[first] == '1' ? '2' : '1';
    write(scratch_ / "moved" / name, text);
    const auto refused = run_tlaunch(job("run", 2, moved));
    EXPECT_EQ(refused.code, 65) << refused.err;
    const std::string part = name == "hdfs_train" ? "training" : "evaluation";
    EXPECT_NE(refused.err.find("the " + part + " data differ"), std::string::npos) << refused.err;
    EXPECT_EQ(refused.err.find("data differ"), refused.err.rfind("data differ")) << "reported once: " << refused.err;
  }
}

TEST_F(ResumeLstm, WeightsItStartedFromAreNotNeededAnyMore) {
  train("first", 1, {"train.max_steps=2"});
  const std::string weights = scratch_ / "w.safetensors";
  fs::copy_file(checkpoint("first", 2), weights);
  train("run", 2, {"train.max_steps=4", "model.weights=" + weights});
  fs::remove(weights);
  train("run", 2, {"train.max_steps=8", "model.weights=" + weights, "--resume", "auto"});
}

TEST_F(ResumeLstm, PastAnEndThatIsNowEarlierDoesNothingAndSaysSo) {
  train("run", 1);
  remove_from("run", 21);  // as if it had been killed then, with an evaluation and the detection still to come
  const auto files = [&] { return list_checkpoints(scratch_ / "run" / "checkpoints").size(); };
  const auto evaluations = [&] { return events_of(scratch_ / "run", "eval").size(); };
  const auto files_before = files(), evaluations_before = evaluations();
  const auto resumed = run_tlaunch(job("run", 1, {"--resume", "auto", "train.max_steps=10"}));
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_NE(resumed.err.find("it is at step 20, and the config ends it at step 10; nothing is trained or saved"),
            std::string::npos)
      << resumed.err;
  EXPECT_EQ(files(), files_before);
  EXPECT_EQ(evaluations(), evaluations_before);
  train("run", 1, {"--resume", "auto"});
  EXPECT_EQ(list_checkpoints(scratch_ / "run" / "checkpoints").front().step, 24);
}

TEST_F(ResumeLstm, WithAnotherNumberOfRanksThatNobodyAskedForSaysSo) {
  train("run", 4, {"train.max_steps=4"});
  const std::vector<std::string> again{"--run-dir", scratch_ / "run",       "--resume",
                                       "auto",      scratch_ / "lstm.yaml", "train.max_steps=8"};
  const auto resumed = run_tlaunch(again);
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_NE(resumed.err.find("To use as many ranks as before: --nproc 4"), std::string::npos) << resumed.err;
  const auto asked = run_tlaunch(job("run", 2, {"--resume", "auto", "train.max_steps=12"}));
  EXPECT_EQ(asked.code, 0) << asked.err;
  EXPECT_EQ(asked.err.find("as many ranks as before"), std::string::npos) << asked.err;
}

// Sums over ranks are taken in another order, so the results are equal except for the last bits.
TEST_F(ResumeLstm, WithFourThenTwoThenFourRanksTrainsWhatOneRankTrains) {
  const auto part = [](int steps) {
    return std::vector<std::string>{"model.dtype=float64", "train.schedule=constant",
                                    "train.max_steps=" + std::to_string(steps)};
  };
  train("one", 1, part(24));
  train("changing", 4, part(8));
  for (const auto& [ranks, steps] : {std::pair{2, 16}, {4, 24}}) {
    auto more = part(steps);
    more.insert(more.end(), {"--resume", "auto"});
    train("changing", ranks, more);
  }
  const SafetensorsFile one(checkpoint("one", 24)), changing(checkpoint("changing", 24));
  double largest = 0;
  for (const auto& tensor : one.tensors()) {
    if (tensor.name.starts_with("tlaunch.") || tensor.dtype != "F64") continue;
    const auto* other = changing.find(tensor.name);
    ASSERT_NE(other, nullptr) << tensor.name;
    for (std::size_t i = 0; i < tensor.data.size(); i += sizeof(double)) {
      double a, b;
      std::memcpy(&a, tensor.data.data() + i, sizeof a);
      std::memcpy(&b, other->data.data() + i, sizeof b);
      largest = std::max(largest, std::abs(a - b));
    }
  }
  EXPECT_LT(largest, 1e-9) << "the same samples in the same steps";
  EXPECT_EQ(Json::parse(content(scratch_ / "changing" / "summary.json"))["samples"], 24 * 64);
}

}  // namespace
}  // namespace tlaunch::test
