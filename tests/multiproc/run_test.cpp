// Complete runs as a user sees them, with two real ranks: early stopping, run length, start from weights, evaluate,
// smoke test.
#include <gtest/gtest.h>

#include <deque>

#include "base/json.h"
#include "checkpoint/folder/catalog.h"
#include "checkpoint/safetensors/safetensors.h"
#include "tests/support/sessions_data.h"

namespace tlaunch::test {
namespace {

class Run : public testing::Test {
 protected:
  Run() {
    write_sessions(scratch_ / "data");
    write(scratch_ / "lstm.yaml",
          "model: {name: lstm, hidden_size: 24, num_layers: 1, window: 6, top_g: 3, input: embedding}\n"
          "data: {name: sessions, root: data}\n"
          "train: {epochs: 2, effective_batch_size: 64, learning_rate: 0.01}\n"
          "tune: {enabled: false}\n");
  }

  Outcome train(const std::string& tag, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"--nproc", "2", "--run-dir", scratch_ / tag, scratch_ / "lstm.yaml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_tlaunch(arguments);
  }
  Json summary(const std::string& tag) { return Json::parse(content(scratch_ / tag / "summary.json")); }
  std::string newest(const std::string& tag) { return list_checkpoints(scratch_ / tag / "checkpoints").at(0).path; }

  TempDir scratch_;
};

TEST_F(Run, LearnsAndDetects) {
  const auto outcome = train("run", {"train.epochs=4"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto metrics = summary("run")["metrics"];
  EXPECT_GT(metrics["val_accuracy"].get<double>(), 0.7) << "the next key is the ring's next 7 times of 8";
  EXPECT_GT(metrics["f1"].get<double>(), 0.9);
  EXPECT_LT(metrics["false_positive_rate"].get<double>(), 0.2);
}

TEST_F(Run, EvaluateGivesTheMetricsThatTheRunEndedWith) {
  ASSERT_EQ(train("run").code, 0);
  const auto outcome =
      run_tlaunch({"evaluate", scratch_ / "lstm.yaml", "--checkpoint", newest("run"), "--nproc", "2", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto printed = Json::parse(outcome.out);
  const auto metrics = printed.contains("metrics") ? printed["metrics"] : printed;
  const auto ended = summary("run")["metrics"];
  for (const auto* name : {"val_loss", "val_accuracy", "precision", "recall", "f1", "false_positive_rate"})
    EXPECT_DOUBLE_EQ(metrics[name].get<double>(), ended[name].get<double>()) << name;
}

// A save is due at the last step, but an evaluation is not. The run evaluates all the same, before the save.
TEST_F(Run, TheLastCheckpointIsThereAndHasTheLastEvaluation) {
  ASSERT_EQ(train("run", {"train.max_steps=6", "checkpoint.every_n_steps=3", "checkpoint.save_top_k=1",
                          "checkpoint.save_last=false"})
                .code,
            0);
  const auto there = list_checkpoints(scratch_ / "run" / "checkpoints");
  ASSERT_EQ(there.size(), 1u);
  EXPECT_EQ(there[0].step, 6);
  EXPECT_DOUBLE_EQ(there[0].metrics.at("val_loss"), summary("run")["metrics"]["val_loss"].get<double>());
}

TEST_F(Run, StopsEarlyWhenEvaluationsNoLongerImprove) {
  // A learning rate this small changes nothing, so the first evaluation stays the best, except for rounding.
  const auto outcome = train("run", {"train.epochs=50", "train.optimizer=sgd", "train.learning_rate=1e-30",
                                     "train.early_stopping_patience=2"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(summary("run")["status"], "completed");
  EXPECT_EQ(summary("run")["epochs"], 3) << "the first evaluation always improves, the next two did not";
}

TEST_F(Run, CountsKimgInThousandSamples) {
  const auto outcome = train("run", {"train.kimg=1", "eval.every_n_kimg=0.5"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(summary("run")["steps"], 16);  // 1000 / 64 rounded up
  EXPECT_EQ(summary("run")["samples"], 1024);
}

double sum_of(const Json& parts) {
  double all = 0;
  for (const auto& [part, seconds] : parts.items()) all += seconds.get<double>();
  return all;
}

TEST_F(Run, IsEstimatedBeforeItStartsAndClosesItsBooks) {
  const auto outcome = run_tlaunch(
      {"--nproc", "2", "estimate", scratch_ / "lstm.yaml", "--json", "--horizons", "1,4", "--deadline", "1h"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json before = Json::parse(outcome.out);
  EXPECT_NEAR(sum_of(before["time"]["parts"]), before["time"]["likely_s"].get<double>(), 1e-6);
  EXPECT_LE(before["time"]["low_s"].get<double>(), before["time"]["likely_s"].get<double>());
  EXPECT_GT(before["throughput"]["kimg_per_h"].get<double>(), 0);
  ASSERT_EQ(before["horizons"].size(), 2u);
  EXPECT_LT(before["horizons"][0]["likely_s"].get<double>(), before["horizons"][1]["likely_s"].get<double>());
  EXPECT_EQ(before["deadline"]["reached"], true);

  ASSERT_EQ(train("run").code, 0);
  const Json after = summary("run");
  EXPECT_EQ(before["run"]["total_steps"], after["steps"]);
  EXPECT_NEAR(sum_of(after["actual"]["parts"]), after["actual"]["wall_s"].get<double>(), 0.05);
  const Json& training = after["actual"]["training"];
  EXPECT_EQ(training["ranks"].size(), 2u);
  EXPECT_GT(training["parts"]["backward"].get<double>(), 0);
  EXPECT_GT(training["parts"]["all_reduce"].get<double>(), 0);
  const auto files = list_checkpoints(scratch_ / "run" / "checkpoints");
  EXPECT_NEAR(before["checkpoints"]["bytes_each"].get<double>(), static_cast<double>(files.at(0).bytes),
              0.01 * static_cast<double>(files.at(0).bytes));
}

TEST_F(Run, AProfileIsATraceAndATableOfEachRank) {
  const auto outcome = train("run", {"--profile", "train.max_steps=30"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const char* rank : {"rank_0", "rank_1"}) {
    const auto stem = (scratch_ / "run" / "profile" / rank).string();
    EXPECT_GT(Json::parse(content(stem + ".json"))["traceEvents"].size(), 100u);
    EXPECT_NE(content(stem + ".txt").find("host time of 10 steps"), std::string::npos);
  }
}

TEST_F(Run, StartsFromWeights) {
  ASSERT_EQ(train("first", {"train.epochs=3"}).code, 0);
  const auto loss_after = summary("first")["metrics"]["train_loss"].get<double>();
  ASSERT_EQ(train("second", {"model.weights=" + newest("first"), "train.max_steps=1"}).code, 0);
  std::istringstream rows(content(scratch_ / "second" / "metrics.csv"));
  std::string header, row;
  std::getline(rows, header);
  std::getline(rows, row);
  std::istringstream cells(row);
  std::string step, epoch, loss;
  std::getline(std::getline(std::getline(cells, step, ','), epoch, ','), loss, ',');
  EXPECT_NEAR(std::stod(loss), loss_after, 0.5) << "a new model starts at ln(12) = 2.48";
  EXPECT_LT(loss_after, 1.5);
}

// Writes the weights alone, under names that begin with `prefix`.
void write_prefixed(const std::string& checkpoint, const std::string& prefix, const std::string& path) {
  const SafetensorsFile file(checkpoint);
  std::vector<TensorView> tensors;
  std::deque<std::vector<std::byte>> bytes;
  for (TensorView tensor : file.tensors()) {
    if (tensor.name.starts_with(reserved_prefix)) continue;
    file.read(tensor, bytes.emplace_back(tensor.data.size()));
    tensor.name = prefix + tensor.name;
    tensor.data = bytes.back();
    tensors.push_back(tensor);
  }
  write_safetensors(path, tensors, {});
}

TEST_F(Run, APrefixTakenOffTheNamesOfWeightsIsToldOnce) {
  ASSERT_EQ(train("first", {"train.max_steps=1"}).code, 0);
  const std::string weights = scratch_ / "net.safetensors";
  write_prefixed(newest("first"), "net.", weights);
  const auto trained = train("second", {"model.weights=" + weights, "train.max_steps=1"});
  const auto evaluated =
      run_tlaunch({"evaluate", scratch_ / "lstm.yaml", "--checkpoint", weights, "--nproc", "2", "--json"});
  const std::string note = "note: " + weights + ": removed 'net.' from the names of its tensors to match the model's\n";
  for (const Outcome& outcome : {trained, evaluated}) {
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const auto first = outcome.err.find(note);
    EXPECT_NE(first, std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.err.find("removed 'net.'", first + note.size()), std::string::npos) << outcome.err;
  }
}

TEST_F(Run, SmokePassesAndFindsDivergence) {
  const auto good = train("good", {"--smoke", "--smoke-minutes", "1"});
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_EQ(summary("good")["smoke"]["verdict"], "passed") << summary("good")["smoke"].dump(1);
  const auto bad = train("bad", {"--smoke", "--smoke-minutes", "1", "train.optimizer=sgd", "train.learning_rate=1e12"});
  EXPECT_EQ(bad.code, 1) << bad.err;
  EXPECT_EQ(summary("bad")["smoke"]["verdict"], "failed");
}

}  // namespace
}  // namespace tlaunch::test
