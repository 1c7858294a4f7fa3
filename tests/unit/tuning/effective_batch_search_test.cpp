// The search where train.effective_batch_size is auto, on a simulated device.
#include <gmock/gmock.h>

#include <cmath>

#include "config/effective_batch.h"
#include "simulated_device.h"
#include "tuning/search/batch_candidates.h"

namespace tlaunch {
namespace {

using test::DeviceModel;
using test::SimulatedJob;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct OpenJob : SimulatedJob {
  OpenJob() { config.train.effective_batch_size.reset(); }
  TrainConfig trained(const TuneOutcome& outcome) const { return apply(config, outcome.plan).train; }
  std::int64_t effective(const TuneOutcome& outcome) const { return trained(outcome).effective_batch_size.value(); }

  void expect_product_and_rate(const TuneOutcome& outcome) const {
    const TrainConfig train = trained(outcome);
    const auto chosen = settings(outcome);
    EXPECT_EQ(chosen.micro_batch * chosen.accumulation * shape.world_size, train.effective_batch_size);
    EXPECT_EQ(train.learning_rate, scaled_learning_rate(config.train, *train.effective_batch_size).learning_rate);
    const Choice& rate = choice(outcome, "train.learning_rate");
    EXPECT_THAT(rate.reason,
                AllOf(HasSubstr("rule"), HasSubstr(choice(outcome, "train.effective_batch_size").value.dump()),
                      HasSubstr("256"), HasSubstr(rate.value.dump())));
    EXPECT_EQ(rate.origin, choice(outcome, "train.effective_batch_size").origin);
  }
};

std::vector<std::int64_t> micro(const std::vector<BatchSplit>& splits) {
  std::vector<std::int64_t> batches;
  for (const auto& split : splits) batches.push_back(split.micro_batch);
  return batches;
}

TEST(OpenBatchCandidates, AreStepsOfTwoAroundThePriorsEachWithItsOwnEffectiveBatch) {
  const auto all = open_batch_candidates({64, 2, 2}, {}, 0);
  EXPECT_THAT(micro(all), ElementsAre(4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048));
  for (const auto& one : all) EXPECT_EQ(one.effective(), std::max<std::int64_t>(32, 2 * one.micro_batch));
  EXPECT_THAT(micro(open_batch_candidates({44, 1, 6}, {}, 0)), ElementsAre(4, 8, 20, 44, 88, 176, 352));
}

TEST(OpenBatchCandidates, StayWithinThirtyTwoAndASixteenthOfTheSamples) {
  EXPECT_EQ(open_batch_candidates({128, 1, 2}, {}, 10'000).back().effective(), 512);  // 10,000 / 16 = 625
  EXPECT_EQ(open_batch_candidates({128, 1, 2}, {}, 100).back().effective(), 32);
  EXPECT_THAT(micro(open_batch_candidates({256, 1, 1}, 1, 0)), ElementsAre(32, 64, 128, 256, 512, 1024, 2048, 4096));
  EXPECT_THAT(micro(open_batch_candidates({32, 4, 2}, 4, 0)), ElementsAre(4, 8, 16, 32, 64, 128, 256, 512));
  EXPECT_THAT(micro(open_batch_candidates({4, 32, 64}, 32, 0)), ElementsAre(4)) << "8192 is the least there is";
}

TEST(OpenBatchCandidates, NeverHaveMoreThanTheSamples) {
  for (const std::int64_t samples : {1, 3, 7, 20, 33, 100, 5000})
    for (const std::int64_t ranks : {1, 2, 3}) {
      if (ranks > samples) continue;
      for (const bool memory_forces : {false, true}) {
        TrainConfig open;
        open.effective_batch_size.reset();
        const std::int64_t prior = closest_effective_batch(open, ranks, samples);
        for (const auto& one : open_batch_candidates({prior / ranks, 1, ranks}, {}, samples, memory_forces))
          EXPECT_LE(one.effective(), samples) << samples << " samples, " << ranks << " ranks";
      }
    }
}

TEST(OpenBatchCandidates, GoBelowFourWhereMemoryForcesIt) {
  EXPECT_THAT(micro(open_batch_candidates({16, 8, 2}, {}, 320, true)), ElementsAre(1, 2, 4, 8, 16));
  EXPECT_THAT(micro(open_batch_candidates({64, 1, 1}, 1, 1024, true)), ElementsAre(1, 2, 4, 8, 16, 32, 64));
}

TEST(OpenSearch, TakesALargerEffectiveBatchWhereTheStepIsMostlyOverhead) {
  OpenJob job;
  DeviceModel device;
  device.update_s = 0.1;  // as much as 500 samples of one rank
  const auto outcome = job.tune(device);
  EXPECT_GE(job.effective(outcome), 1024);
  EXPECT_EQ(job.value(outcome, "train.gradient_accumulation_steps"), 1);
  EXPECT_EQ(job.choice(outcome, "train.effective_batch_size").origin, Origin::measured);
  job.expect_product_and_rate(outcome);
  EXPECT_NEAR(job.trained(outcome).learning_rate, 0.001 * std::sqrt(static_cast<double>(job.effective(outcome)) / 256),
              1e-7);
  job.config.train.optimizer = OptimizerKind::sgd;
  const auto sgd = job.tune(device);
  EXPECT_NEAR(job.trained(sgd).learning_rate, 0.001 * static_cast<double>(job.effective(sgd)) / 256, 1e-7);
  EXPECT_THAT(job.choice(sgd, "train.learning_rate").reason, HasSubstr("linear rule of sgd"));
}

TEST(OpenSearch, TakesTheSmallestEffectiveBatchOfEqualPaces) {
  OpenJob job;
  DeviceModel device;
  device.update_s = device.overhead_s = 0;
  device.noise = 0.002;
  const auto outcome = job.tune(device);
  EXPECT_EQ(job.effective(outcome), 32);
  job.expect_product_and_rate(outcome);
}

TEST(OpenSearch, LeavesAnEpochItsSteps) {
  OpenJob job;
  DeviceModel device;
  device.update_s = 0.1;
  device.facts.train_samples = 1000;
  const auto outcome = job.tune(device);
  EXPECT_LE(job.effective(outcome), 62);
  job.expect_product_and_rate(outcome);
  job.budget_s = 0.5;  // nothing but memory is measured: the prior's 256 are known to be too many all the same
  const auto hurried = job.tune(device);
  EXPECT_LE(job.effective(hurried), 62);
  EXPECT_THAT(job.choice(hurried, "train.batch_size").reason, HasSubstr("1000 training samples"));
  job.expect_product_and_rate(hurried);
}

TEST(OpenSearch, WithoutTimeThePriorsValuesStay) {
  OpenJob job;
  job.budget_s = 0.5;
  const auto outcome = job.tune({});
  EXPECT_EQ(job.effective(outcome), 256);
  EXPECT_EQ(job.trained(outcome).learning_rate, 0.001);
  EXPECT_EQ(job.choice(outcome, "train.learning_rate").origin, Origin::prior);
  job.expect_product_and_rate(outcome);
}

TEST(OpenSearch, WantOfMemoryAloneDoesNotChangeTheEffectiveBatch) {
  OpenJob job;
  job.budget_s = 0.5;
  DeviceModel device;
  device.per_sample = 100e6;  // the prior's 128 do not fit
  const auto outcome = job.tune(device);
  EXPECT_EQ(job.settings(outcome).micro_batch, 32);
  EXPECT_EQ(job.effective(outcome), 256);
  EXPECT_LE(device.peak(job.settings(outcome), true), static_cast<double>(job.budget_bytes));
  job.expect_product_and_rate(outcome);
}

TEST(OpenSearch, KeepsWhatTheUserFixed) {
  DeviceModel device;
  device.update_s = 0.1;
  OpenJob accumulating;
  accumulating.config.train.gradient_accumulation_steps = 2;
  const auto doubled = accumulating.tune(device);
  EXPECT_EQ(accumulating.choice(doubled, "train.gradient_accumulation_steps").origin, Origin::user);
  EXPECT_EQ(accumulating.value(doubled, "train.gradient_accumulation_steps"), 2);
  EXPECT_GE(accumulating.effective(doubled), 1024);
  accumulating.expect_product_and_rate(doubled);
  OpenJob batched;
  batched.config.train.batch_size = 24;
  const auto fixed = batched.tune(device);
  EXPECT_EQ(batched.effective(fixed), 240);
  batched.expect_product_and_rate(fixed);
  OpenJob both;
  both.config.train.batch_size = 24;
  both.config.train.gradient_accumulation_steps = 3;
  EXPECT_EQ(both.effective(both.tune(device)), 144);
  OpenJob kept;
  kept.config.tune.keep_micro_batch = true;
  EXPECT_EQ(kept.effective(kept.tune(device)), 256);
}

TEST(OpenSearch, AResumedRunsEffectiveBatchIsSharedAnewButNotChanged) {
  OpenJob job;
  job.shape.effective_batch_size = 512;
  DeviceModel device;
  device.update_s = 0.1;
  const auto outcome = job.tune(device);
  EXPECT_EQ(job.effective(outcome), 512);
  EXPECT_EQ(job.choice(outcome, "train.effective_batch_size").origin, Origin::user);
  EXPECT_THAT(job.choice(outcome, "train.effective_batch_size").reason, HasSubstr("resume"));
  job.expect_product_and_rate(outcome);
}

}  // namespace
}  // namespace tlaunch
