#include "launcher/commands/estimate/config_output.h"

#include <gmock/gmock.h>

#include "estimate/deadline.h"
#include "launcher/estimate/estimate_input.h"

namespace tlaunch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// 10 epochs of 50 steps of 20 ms, and an evaluation of 1 s per epoch: 10 s of steps, 10 s of evaluations, 2.3 s of
// other work.
class Estimated : public testing::Test {
 protected:
  Estimated() {
    prepared_.world = {1, false};
    prepared_.loaded.config.train.epochs = 10;
    prepared_.loaded.config.train.effective_batch_size = 100;
    plan_.choices = {{"train.batch_size", 50, Origin::prior, ""}};
    prepared_.loaded.config.eval.every_n_epochs = 1;
    prepared_.loaded.config.checkpoint.every_n_epochs = 1;
    prepared_.loaded.config.log.log_interval = 10;
    pace_.step = {0.019, 0.020, 0.021};
    pace_.start_s = 2;
    pace_.evaluation_fixed_s = 1;
    pace_.save_bytes = 1'000'000;
    pace_.facts = {5000, 500, 1000, false};
  }

  void measured(const Json& ladder) {
    plan_.choices = {{"train.batch_size", 50, Origin::measured, "", {{"samples_per_s", ladder}}}};
  }
  Job job() const { return {prepared_, plan_}; }
  EstimateInput input() const { return estimate_input(job(), pace_, 1, 0, {}); }
  DeadlineAnswer answer(double deadline_s) const {
    return answer_deadline(input(), estimate_config(input(), {}).run.time, deadline_s);
  }

  PreparedJob prepared_;
  Plan plan_;
  Pace pace_;
};

TEST_F(Estimated, HorizonsAroundTheBudgetOrAsAsked) {
  const auto around = estimate_config(input(), {});
  ASSERT_EQ(around.horizons.size(), 3u);
  EXPECT_EQ(around.horizons[0].label, "quick: 5 epochs");
  EXPECT_EQ(around.horizons[2].label, "high quality: 33 epochs");
  EXPECT_EQ(around.horizons[1].time.likely_s, around.run.time.likely_s);
  const auto asked = estimate_config(input(), {1, 20});
  ASSERT_EQ(asked.horizons.size(), 2u);
  EXPECT_EQ(asked.horizons[1].label, "20 epochs");
  EXPECT_EQ(asked.horizons[1].disk.checkpoints, 20);
}

TEST_F(Estimated, WhatIfsSayWhetherTheyWereMeasured) {
  measured({{"25", 2500.0}, {"50", 5000.0}, {"100", 5100.0}});
  const auto estimate = estimate_config(input(), {});
  ASSERT_EQ(estimate.shared_steps.size(), 3u);
  EXPECT_EQ(estimate.shared_steps[0].micro_batch, 25);
  EXPECT_TRUE(estimate.shared_steps[0].measured);
  EXPECT_NEAR(estimate.shared_steps[0].likely_s, estimate.run.time.likely_s + 10, 0.01);
  EXPECT_NEAR(estimate.shared_steps[1].likely_s, estimate.run.time.likely_s, 1e-9) << "the configured batch";
  ASSERT_EQ(estimate.more_data.size(), 3u);
  const Json json = to_json(estimate);
  EXPECT_EQ(json["what_if"][0]["origin"], "measured");
  EXPECT_EQ(json["what_if"][3]["label"], "data x2");
  EXPECT_EQ(json["what_if"][3]["origin"], "modelled");
  EXPECT_EQ(json["disk"]["policies"].size(), 5u);
  EXPECT_EQ(json["checkpoints"]["count"], 10);
}

TEST_F(Estimated, MicroBatchesTimesGpusAreMeasuredOrMarkedAsModelled) {
  prepared_.world = {2, true};
  prepared_.loaded.config.train.effective_batch_size = 200;
  pace_.facts.train_samples = 10000;
  measured({{"25", 4000.0}, {"50", 5000.0}});
  const auto estimate = estimate_config(input(), {});
  ASSERT_EQ(estimate.shared_steps.size(), 2u * 4 - 1) << "8 GPUs with micro-batch 50 would change the effective batch";
  const auto of = [&](std::int64_t micro_batch, std::int64_t ranks) {
    for (const SharedStep& step : estimate.shared_steps)
      if (step.micro_batch == micro_batch && step.ranks == ranks) return step;
    return SharedStep{};
  };
  EXPECT_TRUE(of(25, 2).measured);
  EXPECT_FALSE(of(50, 4).measured);
  const double now_s = estimate.run.time.likely_s;
  EXPECT_NEAR(now_s - of(50, 4).likely_s, 10 - 10 / (2 * rank_scaling), 0.01);
  EXPECT_NEAR(of(25, 1).likely_s - now_s, 10 * 2 * rank_scaling * 1.25 - 10, 0.01);
  EXPECT_THAT(to_text(estimate, job()), AllOf(HasSubstr("4 GPUs"), HasSubstr("~ modelled")));
}

TEST_F(Estimated, KimgCountImagesAlone) {
  ModelDescription model;
  model.name = prepared_.loaded.config.model.name = "m";
  for (const auto& [kind, unit] : {std::pair{"image", "18.0 k kimg/h"}, std::pair{"keys", "18.0 M samples/h"}}) {
    model.sample_kind = kind;
    prepared_.worker.models = {model};
    EXPECT_THAT(to_text(estimate_config(input(), {}), job()), HasSubstr(unit));
  }
}

TEST_F(Estimated, NoMoreRanksAreAdvisedThanCanShareTheBatch) {
  prepared_.world = {2, true};
  prepared_.loaded.config.train.effective_batch_size = 100;
  const auto nproc = [&] {
    std::string all;
    for (const auto& change : answer(1).changes)
      if (change.setting.starts_with("--nproc")) all += change.setting;
    return all;
  };
  EXPECT_EQ(nproc(), "--nproc 4");
  prepared_.loaded.config.train.effective_batch_size = 6;
  EXPECT_EQ(nproc(), "");
}

TEST_F(Estimated, ADeadlineThatIsReachedNeedsNoChange) {
  const auto reached = answer(3600);
  EXPECT_TRUE(reached.reached);
  EXPECT_TRUE(reached.changes.empty());
  EXPECT_THAT(to_text(reached), HasSubstr("reached without changes"));
}

TEST_F(Estimated, TheCheapestChangesThatReachIt) {
  measured({{"50", 5000.0}, {"100", 10000.0}});
  const auto first = answer(17);
  ASSERT_EQ(first.changes.size(), 1u);
  EXPECT_EQ(first.changes[0].setting, "eval.every_n_epochs=4");
  EXPECT_TRUE(first.reached_with_changes);
  const auto both = answer(12);
  ASSERT_EQ(both.changes.size(), 2u);
  EXPECT_EQ(both.changes[1].setting, "train.batch_size=100");
  EXPECT_TRUE(both.changes[1].measured);
  EXPECT_TRUE(both.reached_with_changes);
}

TEST_F(Estimated, WhatIsNotReachableSaysHowFarItGetsAndWhatWouldFit) {
  const auto missed = answer(8);
  EXPECT_FALSE(missed.reached_with_changes);
  EXPECT_EQ(missed.shorter, "train.epochs=2");
  EXPECT_THAT(to_text(missed), AllOf(HasSubstr("not reachable: 16 s"), HasSubstr("train.epochs=2")));
  EXPECT_EQ(to_json(missed)["reached_with_changes"], false);
  EXPECT_EQ(answer(0.5).shorter, "");
}

}  // namespace
}  // namespace tlaunch
