// train.on_nan in whole runs with two ranks. Weight decay drives the loss out of range: plain SGD multiplies every
// parameter by 1 - rate x decay in each step, so a rate of 3 doubles them until float32 ends, half of it halves them.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/json.h"
#include "tests/support/events.h"
#include "tests/support/sessions_data.h"

namespace tlaunch::test {
namespace {

class OnNan : public testing::Test {
 protected:
  OnNan() {
    write_sessions(scratch_ / "data");
    write(scratch_ / "lstm.yaml",
          "model: {name: lstm, hidden_size: 8, num_layers: 1, window: 6, top_g: 3}\n"
          "data: {name: sessions, root: data}\n"
          "train: {max_steps: 200, effective_batch_size: 16, optimizer: sgd, learning_rate: 3, weight_decay: 1,\n"
          "        schedule: constant, warmup_steps: 0}\n"
          "eval: {every_n_steps: 100000}\n"
          "checkpoint: {every_n_steps: 100000}\n"
          "tune: {enabled: false}\n"
          "log: {log_interval: 1}\n");
  }
  Outcome train(const std::string& tag, std::vector<std::string> more) const {
    std::vector<std::string> arguments{"--nproc", "2", "--run-dir", scratch_ / tag, scratch_ / "lstm.yaml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_tlaunch(arguments);
  }
  std::vector<Json> nan_events(const std::string& tag) const { return events_of(scratch_ / tag, "nan"); }
  // {step, loss} of each row of metrics.csv, in the file's order; loss as written.
  std::vector<std::pair<std::int64_t, std::string>> rows(const std::string& tag) const {
    std::vector<std::pair<std::int64_t, std::string>> found;
    std::istringstream lines(content(scratch_ / tag / "metrics.csv"));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      std::istringstream cells(line);
      std::string step, epoch, loss;
      std::getline(std::getline(std::getline(cells, step, ','), epoch, ','), loss, ',');
      if (!loss.empty()) found.emplace_back(std::stoll(step), loss);
    }
    return found;
  }

  TempDir scratch_;
};

TEST_F(OnNan, StopIsTheDefaultAndSaysWhatMayHelp) {
  const auto outcome = train("run", {"gpu.mixed_precision=bf16", "train.clip_grad_norm=1"});
  EXPECT_EQ(outcome.code, 1);
  for (const auto* advice : {"gpu.mixed_precision=off", "train.learning_rate", "train.clip_grad_norm"})
    EXPECT_NE(outcome.err.find(advice), std::string::npos) << outcome.err;
  EXPECT_TRUE(nan_events("run").empty());
}

TEST_F(OnNan, RollbackWithoutACheckpointBeginsAgainWithHalfTheLearningRate) {
  const auto outcome = train("back", {"train.on_nan=rollback"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto events = nan_events("back");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["action"], "rollback");
  EXPECT_EQ(events[0]["to_step"], 0);
  EXPECT_EQ(events[0]["learning_rate_factor"], 0.5);
  EXPECT_GT(events[0]["step"], 50);

  ASSERT_EQ(train("half", {"train.learning_rate=1.5", "train.on_nan=rollback"}).code, 0);
  EXPECT_TRUE(nan_events("half").empty());
  EXPECT_EQ(rows("back").size(), 200u);
  EXPECT_EQ(rows("back"), rows("half"));
}

TEST_F(OnNan, RollbackGoesToTheNewestCheckpoint) {
  const auto outcome = train("run", {"train.on_nan=rollback", "checkpoint.every_n_steps=40"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto events = nan_events("run");
  ASSERT_GE(events.size(), 1u);
  EXPECT_EQ(events[0]["to_step"], events[0]["step"].get<std::int64_t>() / 40 * 40);
  EXPECT_NE(events[0]["path"].get<std::string>().find("step_" + events[0]["to_step"].dump()), std::string::npos);
  std::set<std::int64_t> steps;
  for (const auto& [step, loss] : rows("run")) EXPECT_TRUE(steps.insert(step).second) << "step " << step << " twice";
  EXPECT_EQ(steps.size(), 200u);
}

TEST_F(OnNan, RollbackGivesUpAfterThreeTimes) {
  const auto outcome = train("run", {"train.on_nan=rollback", "train.learning_rate=1e12"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(nan_events("run").size(), 3u);
  EXPECT_NE(outcome.err.find("after 3 rollbacks"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("lower train.learning_rate"), std::string::npos) << outcome.err;
}

TEST_F(OnNan, SkipLeavesUpdatesOutAndStopsAfterTenInARow) {
  const auto outcome = train("run", {"train.on_nan=skip"});
  EXPECT_EQ(outcome.code, 1);
  const auto events = nan_events("run");
  ASSERT_EQ(events.size(), 10u);
  for (const auto& event : events) EXPECT_EQ(event["action"], "skip");
  EXPECT_EQ(events[9]["step"].get<std::int64_t>() - events[0]["step"].get<std::int64_t>(), 9);
  EXPECT_NE(outcome.err.find("10 steps in a row"), std::string::npos) << outcome.err;
}

TEST_F(OnNan, SkipChangesNothingInARunWithoutNan) {
  const std::vector<std::string> sane{"train.learning_rate=0.1", "train.weight_decay=0", "train.max_steps=30"};
  ASSERT_EQ(train("stop", sane).code, 0);
  auto with_skip = sane;
  with_skip.push_back("train.on_nan=skip");
  ASSERT_EQ(train("skip", with_skip).code, 0);
  EXPECT_EQ(rows("stop").size(), 30u);
  EXPECT_EQ(rows("stop"), rows("skip"));
}

}  // namespace
}  // namespace tlaunch::test
