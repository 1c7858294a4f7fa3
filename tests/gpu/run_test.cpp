// Whole runs on a card, through tlaunch.
#include <gtest/gtest.h>

#include <cmath>

#include "checkpoint/catalog.h"
#include "core/json.h"
#include "tests/support/events.h"
#include "tests/support/sessions_data.h"
#include "trainer/device.h"

namespace tlaunch::test {
namespace {

class GpuRun : public testing::Test {
 protected:
  void SetUp() override {
    if (cuda_device_count() == 0) GTEST_SKIP() << "no CUDA device on this machine";
    write_sessions(scratch_ / "data");
    write(scratch_ / "lstm.yaml",
          "model: {name: lstm, hidden_size: 64, num_layers: 2, window: 6, top_g: 3}\n"
          "data: {name: sessions, root: data}\n"
          "train: {max_steps: 40, effective_batch_size: 64, learning_rate: 0.003}\n"
          "tune: {enabled: false}\n");
    write(scratch_ / "resnet.yaml",
          "model: {name: resnet, depth: 8, width: 16}\n"
          "data: {name: fashion_mnist, root: " +
              variable("TLAUNCH_FASHION_MNIST", "/usr/share/datasets/fashion-mnist") +
              "}\n"
              "train: {max_steps: 40, effective_batch_size: 128}\n"
              "tune: {enabled: false}\n");
  }

  Outcome train(const std::string& tag, const std::string& config, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"--nproc",
                                       "1",
                                       "--run-dir",
                                       scratch_ / tag,
                                       scratch_ / config,
                                       "eval.every_n_steps=1000",
                                       "log.log_interval=1",
                                       "log.gpu_log_interval=10"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_tlaunch(arguments);
  }

  std::vector<Json> events(const std::string& tag, const std::string& name) { return events_of(scratch_ / tag, name); }

  double last_loss(const std::string& tag) { return events(tag, "step").back()["loss"]; }

  TempDir scratch_;
};

class GpuModels : public GpuRun, public testing::WithParamInterface<std::string> {};

TEST_P(GpuModels, TrainOnTheCardInEveryPrecisionToAboutTheSameLoss) {
  for (const std::string precision : {"off", "bf16", "fp16"}) {
    const auto outcome = train(precision, GetParam(), {"gpu.mixed_precision=" + precision});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }
  EXPECT_EQ(events("off", "start").at(0)["device"], "cuda:0");
  EXPECT_LT(last_loss("off"), events("off", "step").front()["loss"].get<double>());
  EXPECT_NEAR(last_loss("bf16"), last_loss("off"), 0.1 * last_loss("off"));
  EXPECT_NEAR(last_loss("fp16"), last_loss("off"), 0.1 * last_loss("off"));
}

TEST_P(GpuModels, ResumeExactlyInDeterministicMode) {
  const std::vector<std::string> job{"deterministic=true", "checkpoint.every_n_steps=20"};
  for (const std::string tag : {"whole", "part"}) {
    const auto outcome = train(tag, GetParam(), job);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }
  const auto at_step = [&](const std::string& tag, std::int64_t step) -> fs::path {
    for (const auto& info : list_checkpoints(scratch_ / tag / "checkpoints"))
      if (info.step == step) return info.path;
    return {};
  };
  fs::remove(at_step("part", 40));
  auto again = job;
  again.insert(again.end(), {"--resume", "auto"});
  const auto resumed = train("part", GetParam(), again);
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(content(at_step("whole", 40)), content(at_step("part", 40)));
}

INSTANTIATE_TEST_SUITE_P(Both, GpuModels, testing::Values("lstm.yaml", "resnet.yaml"),
                         [](const auto& info) { return info.param.substr(0, info.param.find('.')); });

TEST_F(GpuRun, GpuFiguresAreLogged) {
  ASSERT_EQ(train("run", "resnet.yaml").code, 0);
  const auto figures = events("run", "gpu");
  ASSERT_FALSE(figures.empty());
  EXPECT_GT(figures.back()["memory_used_bytes"].get<double>(), 0);
}

TEST_F(GpuRun, MoreRanksThanCardsAreRefused) {
  const auto outcome = run_tlaunch({"--nproc", "17", scratch_ / "lstm.yaml", "train.effective_batch_size=68"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("GPU"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace tlaunch::test
