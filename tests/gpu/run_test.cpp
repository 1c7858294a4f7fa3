// One rank on a card: precisions, exact resume, and the work of a run beside its steps.
#include "gpu_run.h"

namespace tlaunch::test {
namespace {

class GpuModels : public GpuRun, public testing::WithParamInterface<std::string> {};

TEST_P(GpuModels, TrainOnTheCardInEveryPrecisionToAboutTheSameLoss) {
  ASSERT_EQ(train("off", GetParam(), {"gpu.mixed_precision=off"}).code, 0);
  EXPECT_EQ(events("off", "start").at(0)["device"], on_card() ? "cuda:0" : "cpu");
  EXPECT_LT(last_loss("off"), first_loss("off"));
  for (const auto& half : halves()) {
    const auto outcome = train(half, GetParam(), {"gpu.mixed_precision=" + half});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_NEAR(last_loss(half), last_loss("off"), 0.1 * last_loss("off")) << half;
  }
}

TEST_P(GpuModels, ResumeExactlyInDeterministicMode) {
  const std::vector<std::string> setup{"deterministic=true", "checkpoint.every_n_steps=20", "checkpoint.save_top_k=-1"};
  for (const std::string tag : {"whole", "part"}) {
    const auto outcome = train(tag, GetParam(), setup);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }
  fs::remove(at_step("part", 40));
  auto again = setup;
  again.insert(again.end(), {"--resume", "auto"});
  const auto resumed = train("part", GetParam(), again);
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(content(at_step("whole", 40)), content(at_step("part", 40)));
}

TEST_P(GpuModels, PageLockedBatchesChangeNoBit) {
  for (const std::string pinned : {"true", "false"}) {
    const auto outcome = train(pinned, GetParam(), {"deterministic=true", "data.pin_memory=" + pinned});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }
  EXPECT_EQ(content(at_step("true", 40)), content(at_step("false", 40)));
}

INSTANTIATE_TEST_SUITE_P(Both, GpuModels, testing::Values("lstm.yaml", "resnet.yaml"),
                         [](const auto& info) { return info.param.substr(0, info.param.find('.')); });

// With 2048 samples per micro-batch the range of fp16 matters, because the gradients of a mean are small.
TEST_F(GpuRun, ALongRunInHalfPrecisionLearnsAsInFloat32) {
  const std::string steps = on_card() ? "2000" : "40";
  auto precisions = halves();
  precisions.push_back("off");
  for (const auto& precision : precisions) {
    const auto outcome = train(precision, "lstm.yaml",
                               {"gpu.mixed_precision=" + precision, "train.effective_batch_size=2048",
                                "train.batch_size=2048", "train.max_steps=" + steps, "log.log_interval=20"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    RecordProperty("last_loss_" + precision, std::to_string(last_loss(precision)));
  }
  EXPECT_LT(last_loss("off"), (on_card() ? 0.8 : 1) * first_loss("off"));
  for (const auto& half : halves()) EXPECT_NEAR(last_loss(half), last_loss("off"), 0.05 * last_loss("off")) << half;
}

// TLAUNCH_CPU_CHECKPOINT names a checkpoint that was made on another machine. If there is no such file yet, this test
// writes its own there.
TEST_F(GpuRun, ACheckpointOfTheCpuGoesOnOnTheCardAndBack) {
  const fs::path brought = variable("TLAUNCH_CPU_CHECKPOINT", "");
  const auto own = train_on_cpu("cpu", "lstm.yaml", {"train.max_steps=20", "train.schedule=constant"});
  ASSERT_EQ(own.code, 0) << own.err;
  if (!brought.empty() && !fs::exists(brought)) fs::copy_file(fs::canonical(at_step("cpu", 20)), brought);
  const fs::path from = brought.empty() ? at_step("cpu", 20) : brought;
  const auto there = train("card", "lstm.yaml", {"--resume", from, "train.max_steps=40", "train.schedule=constant"});
  ASSERT_EQ(there.code, 0) << there.err;
  EXPECT_EQ(events("card", "resume").at(0)["step"], 20);
  EXPECT_EQ(events("card", "start").at(0)["device"], on_card() ? "cuda:0" : "cpu");
  const auto back =
      train_on_cpu("card", "lstm.yaml", {"--resume", "auto", "train.max_steps=60", "train.schedule=constant"});
  ASSERT_EQ(back.code, 0) << back.err;
  EXPECT_EQ(events("card", "step").back()["step"], 60);
  EXPECT_LT(last_loss("card"), first_loss("cpu"));
  if (!on_card()) return;
  EXPECT_NE(there.err.find("made on a CPU"), std::string::npos) << there.err;
  EXPECT_NE(back.err.find("made on a GPU"), std::string::npos) << back.err;
}

TEST_F(GpuRun, GpuFiguresAreLogged) {
  if (!on_card()) GTEST_SKIP() << "needs a card";
  ASSERT_EQ(train("run", "resnet.yaml").code, 0);
  const auto figures = events("run", "gpu");
  ASSERT_FALSE(figures.empty());
  EXPECT_GT(figures.back()["memory_used_bytes"].get<double>(), 0);
}

TEST_F(GpuRun, MoreRanksThanCardsAreRefused) {
  if (!on_card()) GTEST_SKIP() << "needs a card";
  const auto ranks = cuda_device_count() + 1;
  const auto outcome = run_tlaunch({"--nproc", std::to_string(ranks), scratch_ / "lstm.yaml",
                                    "train.effective_batch_size=" + std::to_string(4 * ranks)});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("GPU"), std::string::npos) << outcome.err;
}

TEST_F(GpuRun, EvaluatingItsCheckpointGivesTheLossThatTheRunEndedWith) {
  const auto trained = train("run", "resnet.yaml", {"gpu.mixed_precision=off"});
  ASSERT_EQ(trained.code, 0) << trained.err;
  const auto outcome = run_tlaunch({"evaluate", scratch_ / "resnet.yaml", "gpu.mixed_precision=off", "--checkpoint",
                                    at_step("run", 40), "--nproc", "1", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const double ended = Json::parse(content(scratch_ / "run" / "summary.json"))["metrics"]["val_loss"];
  EXPECT_NEAR(Json::parse(outcome.out)["metrics"]["val_loss"].get<double>(), ended, 1e-3 * ended);
}

TEST_F(GpuRun, AProfileIsATraceAndATable) {
  const auto outcome = train("run", "lstm.yaml", {"--profile"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto trace = Json::parse(content(scratch_ / "run/profile/rank_0.json"));
  EXPECT_GT(trace["traceEvents"].size(), 100u);
  EXPECT_FALSE(content(scratch_ / "run/profile/rank_0.txt").empty());
  if (!on_card()) return;
  bool kernels = false;
  for (const auto& event : trace["traceEvents"]) kernels = kernels || event.value("cat", "") == "kernel";
  EXPECT_TRUE(kernels) << "CUPTI's part of the trace";
}

TEST_F(GpuRun, StartsOnceTheCardHasRoom) {
  if (!on_card()) GTEST_SKIP() << "needs a card";
  const auto outcome = train("run", "lstm.yaml", {"--wait-gpu", "500MB"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST_F(GpuRun, InFp16StepsThatAreNotFiniteAreLeftOutOrGoneBackFrom) {
  const std::string fp16 = "gpu.mixed_precision=" + halves().back();
  const auto skip = train("skip", "lstm.yaml", {fp16, "train.on_nan=skip"});
  ASSERT_EQ(skip.code, 0) << skip.err;
  EXPECT_LT(last_loss("skip"), first_loss("skip")) << "overflows that the scaler handles do not count as the run's";
  // Weight decay doubles every parameter in each step, until float32 ends.
  const auto rollback =
      train("rollback", "lstm.yaml",
            {fp16, "train.optimizer=sgd", "train.learning_rate=3", "train.weight_decay=1", "train.schedule=constant",
             "train.warmup_steps=0", "train.max_steps=300", "train.on_nan=rollback"});
  EXPECT_TRUE(rollback.code == 0 || rollback.code == 1) << rollback.err;
  EXPECT_FALSE(events("rollback", "nan").empty());
}

}  // namespace
}  // namespace tlaunch::test
