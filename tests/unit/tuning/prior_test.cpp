#include "tuning/prior.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace tlaunch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

GpuInfo card(const std::string& name, double memory_gib, int major, int minor) {
  GpuInfo gpu;
  gpu.name = name;
  gpu.memory_total_bytes = static_cast<std::uint64_t>(memory_gib * 1024 * 1024 * 1024);
  gpu.capability_major = major;
  gpu.capability_minor = minor;
  gpu.tier = gpu_tier(name, gpu.memory_total_bytes, major);
  return gpu;
}

const GpuInfo h100 = card("NVIDIA H100 80GB HBM3", 80, 9, 0);
const GpuInfo t4 = card("Tesla T4", 15, 7, 5);
const GpuInfo gtx1080 = card("NVIDIA GeForce GTX 1080", 8, 6, 1);

HardwareProfile machine(int cores, std::vector<GpuInfo> gpus = {}) {
  HardwareProfile hardware;
  hardware.cpu.allowed_cores = cores;
  hardware.gpus = std::move(gpus);
  return hardware;
}

const JobShape cpu_images{"image", false, 2}, cpu_keys{"keys", false, 2}, gpu_images{"image", true, 1},
    gpu_keys{"keys", true, 1};

Json value(const Plan& plan, const std::string& key) {
  const Choice* choice = plan.find(key);
  return choice ? choice->value : Json("(absent)");
}
std::string reason(const Plan& plan, const std::string& key) { return plan.find(key)->reason; }

TEST(Prior, TheMainJobTwoCpuRanksOnImages) {
  const Plan plan = prior_plan({}, machine(2), cpu_images);
  EXPECT_EQ(plan.world_size, 2);
  EXPECT_EQ(value(plan, "train.batch_size"), 128);
  EXPECT_EQ(value(plan, "train.gradient_accumulation_steps"), 1);
  EXPECT_EQ(value(plan, "train.effective_batch_size"), 256);
  EXPECT_EQ(value(plan, "gpu.mixed_precision"), "off");
  EXPECT_EQ(value(plan, "gpu.tf32"), false);
  EXPECT_EQ(value(plan, "gpu.cudnn_benchmark"), false);
  EXPECT_EQ(value(plan, "gpu.channels_last"), true);
  EXPECT_EQ(value(plan, "data.num_workers"), 1);
  EXPECT_EQ(value(plan, "data.prefetch_factor"), 2);
  EXPECT_EQ(value(plan, "data.pin_memory"), false);
  EXPECT_EQ(value(plan, "log.log_interval"), 10);
  EXPECT_EQ(value(plan, "log.gpu_log_interval"), 50);
}

TEST(Prior, KeysOnTheCpuTakeLargerBatchesAndNoImageLayout) {
  RunConfig config;
  config.train.effective_batch_size = 1024;
  const Plan plan = prior_plan(config, machine(2), cpu_keys);
  EXPECT_EQ(value(plan, "train.batch_size"), 512);
  EXPECT_EQ(value(plan, "train.gradient_accumulation_steps"), 1);
  EXPECT_EQ(value(plan, "gpu.channels_last"), false);
}

TEST(Prior, EveryChoiceHasAReason) {
  for (const Plan& plan : {prior_plan({}, machine(2), cpu_images), prior_plan({}, machine(8, {h100}), gpu_images)}) {
    for (const Choice& choice : plan.choices) EXPECT_THAT(choice.reason, Not(IsEmpty())) << choice.key;
  }
}

TEST(Prior, WhatTheUserFixedStaysAndIsListedAsHis) {
  RunConfig config;
  config.train.batch_size = 30;
  config.train.effective_batch_size = 120;
  config.gpu = {Precision::bf16, false, true, false, 0};
  config.data.num_workers = 0;
  config.data.prefetch_factor = 7;
  config.data.pin_memory = true;
  config.launch.threads_per_rank = 5;
  config.log.log_interval = 3;
  config.log.gpu_log_interval = 4;
  const Plan plan = prior_plan(config, machine(2), cpu_images);
  const std::map<std::string, Json> fixed = {
      {"train.batch_size", 30},      {"gpu.mixed_precision", "bf16"}, {"gpu.tf32", false},
      {"gpu.cudnn_benchmark", true}, {"gpu.channels_last", false},    {"data.num_workers", 0},
      {"data.prefetch_factor", 7},   {"data.pin_memory", true},       {"launch.threads_per_rank", 5},
      {"log.log_interval", 3},       {"log.gpu_log_interval", 4}};
  for (const auto& [key, expected] : fixed) {
    EXPECT_EQ(value(plan, key), expected) << key;
    EXPECT_EQ(plan.find(key)->origin, Origin::user) << key;
    EXPECT_EQ(reason(plan, key), "set in the config") << key;
  }
  EXPECT_EQ(value(plan, "train.gradient_accumulation_steps"), 2);
  EXPECT_EQ(plan.find("train.gradient_accumulation_steps")->origin, Origin::prior);
}

TEST(Prior, ThreadsAreTheCoresOfARankUnlessTheUserOrHisEnvironmentSaysOtherwise) {
  EXPECT_EQ(value(prior_plan({}, machine(7), cpu_images), "launch.threads_per_rank"), 3);
  EXPECT_EQ(value(prior_plan({}, machine(1), cpu_images), "launch.threads_per_rank"), 1);
  const JobShape with_environment{"image", false, 2, 6};
  const Plan plan = prior_plan({}, machine(7), with_environment);
  EXPECT_EQ(value(plan, "launch.threads_per_rank"), 6);
  EXPECT_EQ(plan.find("launch.threads_per_rank")->origin, Origin::user);
  EXPECT_THAT(reason(plan, "launch.threads_per_rank"), HasSubstr("OMP_NUM_THREADS"));
  RunConfig config;
  config.launch.threads_per_rank = 2;  // the config is the closer one
  EXPECT_EQ(value(prior_plan(config, machine(7), with_environment), "launch.threads_per_rank"), 2);
}

TEST(Prior, PinnedRanksHaveTheCoresOfTheRankWithFewest) {
  JobShape pinned = cpu_images;
  pinned.cores_per_rank = 2;
  EXPECT_EQ(value(prior_plan({}, machine(16), pinned), "launch.threads_per_rank"), 2);
  JobShape on_card = gpu_images;
  on_card.cores_per_rank = 3;
  EXPECT_EQ(value(prior_plan({}, machine(16, {h100}), on_card), "data.num_workers"), 2);
}

TEST(Prior, AppliedToTheConfigItLeavesNoAutoAndKeepsTheProduct) {
  RunConfig config;
  config.train.gradient_accumulation_steps = 4;
  const Plan plan = prior_plan(config, machine(2), cpu_images);
  const RunConfig applied = apply(config, plan);
  EXPECT_EQ(applied.train.batch_size.value() * applied.train.gradient_accumulation_steps.value() * 2, 256);
  EXPECT_TRUE(applied.gpu.mixed_precision && applied.gpu.tf32 && applied.gpu.cudnn_benchmark &&
              applied.gpu.channels_last);
  EXPECT_TRUE(applied.data.num_workers && applied.data.prefetch_factor && applied.data.pin_memory);
  EXPECT_TRUE(applied.log.log_interval && applied.log.gpu_log_interval);
  EXPECT_THAT(reason(plan, "train.batch_size"), HasSubstr("accumulation set in the config"));
}

TEST(Prior, AnEffectiveBatchThatTheRanksCannotShareIsRefused) {
  RunConfig config;
  config.train.effective_batch_size = 255;
  EXPECT_THROW(prior_plan(config, machine(2), cpu_images), UsageError);
  config.train.effective_batch_size = 256;
  config.train.batch_size = 100;
  EXPECT_THROW(prior_plan(config, machine(2), cpu_images), UsageError);
}

TEST(Prior, AnOpenEffectiveBatchIsTheClosestToTheReferenceAndTheRateFollows) {
  RunConfig config;
  config.train.effective_batch_size.reset();
  const Plan even = prior_plan(config, machine(2), cpu_images);
  EXPECT_EQ(value(even, "train.effective_batch_size"), 256);
  EXPECT_EQ(even.find("train.effective_batch_size")->origin, Origin::prior);
  EXPECT_EQ(value(even, "train.learning_rate"), 0.001);
  EXPECT_THAT(reason(even, "train.learning_rate"), HasSubstr("as written"));
  const Plan odd = prior_plan(config, machine(3), {"image", false, 3});
  EXPECT_EQ(value(odd, "train.effective_batch_size"), 252);
  EXPECT_EQ(value(odd, "train.batch_size"), 84);
  EXPECT_THAT(reason(odd, "train.effective_batch_size"), HasSubstr("closest to 256"));
  EXPECT_EQ(value(odd, "train.learning_rate"), 0.000992157);
  EXPECT_THAT(reason(odd, "train.learning_rate"), HasSubstr("square-root rule"));
  const Plan resumed = prior_plan(config, machine(2), {"image", false, 2, {}, 64});
  EXPECT_EQ(value(resumed, "train.effective_batch_size"), 64);
  EXPECT_EQ(value(resumed, "train.learning_rate"), 0.0005);
  EXPECT_EQ(prior_plan({}, machine(2), cpu_images).find("train.learning_rate"), nullptr) << "a fixed one has none";
}

TEST(Prior, PrecisionFollowsTheCard) {
  EXPECT_EQ(value(prior_plan({}, machine(8, {h100}), gpu_images), "gpu.mixed_precision"), "bf16");
  EXPECT_EQ(value(prior_plan({}, machine(8, {t4}), gpu_images), "gpu.mixed_precision"), "fp16");
  EXPECT_EQ(value(prior_plan({}, machine(8, {gtx1080}), gpu_images), "gpu.mixed_precision"), "off");
}

TEST(Prior, KeysOnAGpuAreNotTrainedInBf16WhichCudnnDoesNotTake) {
  const Plan plan = prior_plan({}, machine(8, {h100}), gpu_keys);
  EXPECT_EQ(value(plan, "gpu.mixed_precision"), "off");
  EXPECT_EQ(value(plan, "gpu.tf32"), true);
  EXPECT_THAT(reason(plan, "gpu.mixed_precision"), AllOf(HasSubstr("LSTM"), HasSubstr("fp16"), HasSubstr("tf32")));
  EXPECT_EQ(value(prior_plan({}, machine(8, {t4}), gpu_keys), "gpu.mixed_precision"), "fp16");
  RunConfig config;
  config.gpu.mixed_precision = Precision::bf16;
  const Plan fixed = prior_plan(config, machine(8, {h100}), gpu_keys);
  EXPECT_EQ(value(fixed, "gpu.mixed_precision"), "bf16");
  EXPECT_THAT(reason(fixed, "gpu.mixed_precision"), AllOf(HasSubstr("set in the config"), HasSubstr("fp16")));
}

TEST(Prior, Bf16IsRefusedOnACardWithoutIt) {
  RunConfig config;
  config.gpu.mixed_precision = Precision::bf16;
  for (const auto& cards : {std::vector{t4}, {h100, t4}, {gtx1080}}) {
    const JobShape all{"image", true, static_cast<std::int64_t>(cards.size())};
    try {
      prior_plan(config, machine(8, cards), all);
      ADD_FAILURE() << "accepted on " << cards.back().name;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr(cards.back().name), HasSubstr("gpu.mixed_precision"), HasSubstr("8.0"),
                                      HasSubstr("auto")));
    }
  }
  EXPECT_EQ(value(prior_plan(config, machine(8, {h100, t4}), gpu_images), "gpu.mixed_precision"), "bf16")
      << "one rank uses the first alone";
  EXPECT_EQ(value(prior_plan(config, machine(8, {t4}), cpu_images), "gpu.mixed_precision"), "bf16") << "on the CPU";
}

TEST(Prior, TheOldestCardInUseDecides) {
  EXPECT_EQ(value(prior_plan({}, machine(8, {h100, t4}), {"image", true, 2}), "gpu.mixed_precision"), "fp16");
  EXPECT_EQ(value(prior_plan({}, machine(8, {h100, t4}), {"image", true, 1}), "gpu.mixed_precision"), "bf16");
}

TEST(Prior, Float64TurnsOffWhatWouldUndoIt) {
  RunConfig config;
  config.model.dtype = FloatType::float64;
  const Plan plan = prior_plan(config, machine(8, {h100}), gpu_images);
  EXPECT_EQ(value(plan, "gpu.mixed_precision"), "off");
  EXPECT_EQ(value(plan, "gpu.tf32"), false);
  EXPECT_EQ(value(plan, "gpu.channels_last"), false);
}

TEST(Prior, Tf32NeedsAmpereAndIsNotDeterminismsEnemy) {
  RunConfig config;
  config.deterministic = true;
  EXPECT_EQ(value(prior_plan(config, machine(8, {h100}), gpu_images), "gpu.tf32"), true);
  EXPECT_EQ(value(prior_plan(config, machine(8, {t4}), gpu_images), "gpu.tf32"), false);
}

TEST(Prior, CudnnBenchmarkForImagesUnlessDeterministic) {
  RunConfig config;
  EXPECT_EQ(value(prior_plan(config, machine(8, {h100}), gpu_images), "gpu.cudnn_benchmark"), true);
  EXPECT_EQ(value(prior_plan(config, machine(8, {h100}), gpu_keys), "gpu.cudnn_benchmark"), false);
  config.deterministic = true;
  const Plan plan = prior_plan(config, machine(8, {h100}), gpu_images);
  EXPECT_EQ(value(plan, "gpu.cudnn_benchmark"), false);
  EXPECT_THAT(reason(plan, "gpu.cudnn_benchmark"), HasSubstr("deterministic"));
  EXPECT_EQ(value(plan, "gpu.mixed_precision"), "bf16");  // deterministic has nothing against it
}

TEST(Prior, ChannelsLastOnAGpuGoesWithMixedPrecision) {
  RunConfig config;
  EXPECT_EQ(value(prior_plan(config, machine(8, {h100}), gpu_images), "gpu.channels_last"), true);
  EXPECT_EQ(value(prior_plan(config, machine(8, {h100}), gpu_keys), "gpu.channels_last"), false);
  EXPECT_EQ(value(prior_plan(config, machine(8, {gtx1080}), gpu_images), "gpu.channels_last"), false);
  config.gpu.mixed_precision = Precision::fp32;
  EXPECT_EQ(value(prior_plan(config, machine(8, {h100}), gpu_images), "gpu.channels_last"), false);
}

TEST(Prior, LoaderThreadsOnAGpuLeaveACoreToEachRank) {
  EXPECT_EQ(value(prior_plan({}, machine(16, {h100}), gpu_images), "data.num_workers"), 4);
  EXPECT_EQ(value(prior_plan({}, machine(3, {h100}), gpu_images), "data.num_workers"), 2);
  EXPECT_EQ(value(prior_plan({}, machine(1, {h100}), gpu_images), "data.num_workers"), 1);
  EXPECT_EQ(value(prior_plan({}, machine(6, {h100, h100}), {"image", true, 2}), "data.num_workers"), 2);
  // Two nodes of two cards: four ranks, two of them here.
  EXPECT_EQ(value(prior_plan({}, machine(6, {h100, h100}), {"image", true, 4}), "data.num_workers"), 2);
  EXPECT_EQ(value(prior_plan({}, machine(16, {h100}), gpu_images), "data.pin_memory"), true);
}

TEST(Prior, TheBatchFollowsImageSizeAndTheSmallestCard) {
  RunConfig config;
  config.train.effective_batch_size = 4096;
  EXPECT_EQ(value(prior_plan(config, machine(8, {h100}), gpu_images), "train.batch_size"), 1024);
  config.data.options.set("image_size", std::int64_t{384});
  const Plan plan = prior_plan(config, machine(8, {h100}), gpu_images);
  EXPECT_EQ(value(plan, "train.batch_size"), 32);
  EXPECT_EQ(value(plan, "train.gradient_accumulation_steps"), 128);
  EXPECT_THAT(reason(plan, "train.batch_size"), HasSubstr("images of up to 384 px on a high_end GPU"));
  EXPECT_EQ(value(prior_plan(config, machine(8, {h100, gtx1080}), {"image", true, 2}), "train.batch_size"), 4);
}

TEST(Prior, ALargeStemMeansLargeImages) {
  RunConfig config;
  config.model.options.set("stem", std::string("large"));
  EXPECT_EQ(value(prior_plan(config, machine(8, {h100}), gpu_images), "train.batch_size"), 64);
}

}  // namespace
}  // namespace tlaunch
