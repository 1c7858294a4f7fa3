// Which precision, layout and kernels are chosen, on a simulated device.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "simulated_device.h"

namespace tlaunch {
namespace {

using test::DeviceModel;
using test::Happened;
using test::simulated_gpu;
using test::SimulatedJob;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

SimulatedJob gpu_job(const GpuInfo& gpu) {
  SimulatedJob job;
  job.hardware.gpus = {gpu};
  job.shape = {"image", true, 1};
  return job;
}

const Happened* trial(const SimulatedJob& job, const std::string& why) {
  for (const Happened& one : job.happened)
    if (one.result && one.why.find(why) != std::string::npos) return &one;
  return nullptr;
}

TEST(Switches, AFasterPrecisionIsTakenWithItsEvidence) {
  SimulatedJob job;
  DeviceModel device;
  device.precision_time[Precision::bf16] = 0.6;
  const auto outcome = job.tune(device);
  const Choice& choice = job.choice(outcome, "gpu.mixed_precision");
  EXPECT_EQ(choice.value, "bf16");
  EXPECT_EQ(choice.origin, Origin::measured);
  EXPECT_THAT(choice.reason,
              AllOf(HasSubstr("bf16: 1."), HasSubstr("x faster than float32, p = 0.00"), HasSubstr("loss equal")));
  EXPECT_LE(choice.evidence.at("p_value").get<double>(), 0.05);
  EXPECT_NEAR(choice.evidence.at("speedup").get<double>(), 1.5, 0.12);
  EXPECT_EQ(choice.evidence.at("blocks"), 10);
  // Less memory a sample: predicted and measured in the mode that was chosen.
  EXPECT_EQ(outcome.measured_peak_bytes, static_cast<std::uint64_t>(device.peak(job.settings(outcome), true)));
  EXPECT_NEAR(static_cast<double>(outcome.predicted_peak_bytes) / static_cast<double>(outcome.measured_peak_bytes), 1,
              0.05);
}

TEST(Switches, EqualSettingsAreLeftAlone) {
  int changed = 0;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    SimulatedJob job;
    DeviceModel device;
    device.seed = seed;
    device.noise = 0.1;
    device.drift = 0.3;
    const auto outcome = job.tune(device);
    changed += job.value(outcome, "gpu.mixed_precision") != "off" || job.value(outcome, "gpu.channels_last") != true;
  }
  EXPECT_LE(changed, 20) << "one in twenty";
}

TEST(Switches, AGainBelowThreePercentIsNotWorthAChange) {
  SimulatedJob job;
  DeviceModel device;
  device.update_s = device.overhead_s = device.drift = 0;
  device.noise = 0.001;
  device.precision_time[Precision::bf16] = 0.98;
  EXPECT_EQ(job.value(job.tune(device), "gpu.mixed_precision"), "off");
  device.precision_time[Precision::bf16] = 0.95;
  EXPECT_EQ(job.value(job.tune(device), "gpu.mixed_precision"), "bf16");
}

TEST(Switches, AModeThatFailsIsNotTakenAndTheReasonSaysHow) {
  SimulatedJob job;
  DeviceModel device;
  device.precision_time[Precision::bf16] = 0.5;
  for (const auto& [failure, word] : {std::pair{TrialOutcome::crashed, "crashed: the simulated fault"},
                                      {TrialOutcome::out_of_memory, "out of memory"},
                                      {TrialOutcome::hung, "hung"}}) {
    device.broken = [failure = failure](const TrialSettings& settings) {
      return settings.precision == Precision::bf16 ? std::optional(failure) : std::nullopt;
    };
    const auto outcome = job.tune(device);
    EXPECT_EQ(job.value(outcome, "gpu.mixed_precision"), "off");
    EXPECT_THAT(job.choice(outcome, "gpu.mixed_precision").reason,
                AllOf(HasSubstr("bf16 did not run here"), HasSubstr(word)));
    EXPECT_EQ(job.choice(outcome, "train.batch_size").origin, Origin::measured) << "the search went on";
  }
}

TEST(Switches, ALossThatIsNotFiniteOrDriftsIsVetoed) {
  SimulatedJob job;
  DeviceModel device;
  device.precision_time[Precision::bf16] = 0.5;
  const auto sound = device.loss;
  device.loss = [&](const TrialSettings& settings, std::int64_t steps) {
    return settings.precision == Precision::bf16 && steps > 5 ? nan : sound(settings, steps);
  };
  auto outcome = job.tune(device);
  EXPECT_EQ(job.value(outcome, "gpu.mixed_precision"), "off");
  EXPECT_THAT(job.choice(outcome, "gpu.mixed_precision").reason, HasSubstr("the loss diverges with bf16 (nan"));
  EXPECT_EQ(job.choice(outcome, "gpu.mixed_precision").evidence.at("loss_ratio"), "NaN");

  device.loss = [&](const TrialSettings& settings, std::int64_t steps) {
    return sound(settings, steps) * (settings.precision == Precision::bf16 ? 1.3 : 1);
  };
  outcome = job.tune(device);
  EXPECT_EQ(job.value(outcome, "gpu.mixed_precision"), "off");
  EXPECT_THAT(job.choice(outcome, "gpu.mixed_precision").reason, HasSubstr("1.300x after equal steps"));

  device.loss = [&](const TrialSettings& settings, std::int64_t steps) {  // rounding of 16 bits
    return sound(settings, steps) * (settings.precision == Precision::bf16 ? 1.02 : 1);
  };
  EXPECT_EQ(job.value(job.tune(device), "gpu.mixed_precision"), "bf16");
}

TEST(Switches, WhereOurOwnLossIsNotFiniteTheOtherModeIsNotBlamed) {
  SimulatedJob job;
  DeviceModel device;
  device.loss = [](const TrialSettings&, std::int64_t) { return nan; };
  const auto outcome = job.tune(device);
  EXPECT_THAT(job.choice(outcome, "gpu.mixed_precision").reason, Not(HasSubstr("diverges")));
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("train.learning_rate")));
}

TEST(Switches, AModeEightyTimesSlowerIsGivenUpAtOnceAndCalledSlow) {
  SimulatedJob job;
  DeviceModel device;
  device.precision_time[Precision::bf16] = 80;
  const auto outcome = job.tune(device);
  const auto* pair = trial(job, "bf16 against float32");
  ASSERT_NE(pair, nullptr);
  auto slow = job.settings(outcome);
  slow.precision = Precision::bf16;
  EXPECT_LT(pair->result->seconds, 3 * device.step_s(slow)) << "two steps of it are enough";
  EXPECT_EQ(job.value(outcome, "gpu.mixed_precision"), "off");
  EXPECT_THAT(job.choice(outcome, "gpu.mixed_precision").reason, AllOf(HasSubstr("slow"), Not(HasSubstr("1.00x"))));
}

TEST(Switches, AModeThatIsSomewhatSlowerIsGivenUpAfterAFewRounds) {
  SimulatedJob job;
  DeviceModel device;
  device.precision_time[Precision::bf16] = 1.5;
  const auto outcome = job.tune(device);
  EXPECT_LE(trial(job, "bf16 against float32")->result->candidates[0].step_times_s.size(), 6u);
  EXPECT_THAT(job.choice(outcome, "gpu.mixed_precision").reason, HasSubstr("bf16 is 0.7"));
}

TEST(Switches, WhatTheUserFixedIsNeverTriedOtherwise) {
  SimulatedJob job;
  job.config.gpu.mixed_precision = Precision::bf16;
  job.config.gpu.channels_last = false;
  DeviceModel device;
  device.precision_time[Precision::bf16] = 5;
  device.channels_last_time = 0.5;
  const auto outcome = job.tune(device);
  EXPECT_EQ(job.value(outcome, "gpu.mixed_precision"), "bf16");
  EXPECT_EQ(job.value(outcome, "gpu.channels_last"), false);
  EXPECT_EQ(job.choice(outcome, "gpu.channels_last").origin, Origin::user);
  for (const Happened& one : job.happened)
    for (const auto& settings : one.spec.candidates) {
      EXPECT_EQ(settings.precision, Precision::bf16) << one.why;
      EXPECT_FALSE(settings.channels_last) << one.why;
    }
}

TEST(Switches, ACpuWithoutBf16IsNotAskedToTryIt) {
  SimulatedJob job;
  job.hardware.cpu.features = {"avx2"};
  job.tune({});
  EXPECT_EQ(trial(job, "bf16"), nullptr);
}

TEST(Switches, TwoGainsAreAddedOnlyWhereTheyAddUp) {
  SimulatedJob job;
  job.config.train.effective_batch_size = 64;
  DeviceModel device;
  device.precision_time[Precision::bf16] = 0.5;
  device.channels_last_time = 1.4;  // the prior has it on
  const auto outcome = job.tune(device);
  EXPECT_EQ(job.value(outcome, "gpu.mixed_precision"), "bf16");
  EXPECT_EQ(job.value(outcome, "gpu.channels_last"), false);
  const auto settings = job.settings(outcome);
  EXPECT_NEAR(outcome.samples_per_s, 2 * device.samples_per_s(settings), 0.1 * outcome.samples_per_s);
}

TEST(Switches, OnAGpuEachPrecisionAndKernelSwitchIsMeasured) {
  auto job = gpu_job(simulated_gpu("NVIDIA H100 80GB HBM3", 80, 9, 0));
  DeviceModel device;
  device.precision_time = {{Precision::bf16, 0.7}, {Precision::fp16, 0.4}};
  device.cudnn_benchmark_time = 0.8;
  const auto outcome = job.tune(device);
  EXPECT_EQ(job.value(outcome, "gpu.mixed_precision"), "fp16");
  EXPECT_EQ(job.value(outcome, "gpu.cudnn_benchmark"), true);
  EXPECT_NE(trial(job, "float32 against bf16"), nullptr);
  EXPECT_NE(trial(job, "fp16 against bf16"), nullptr);
  EXPECT_NE(trial(job, "cudnn_benchmark off against"), nullptr);
}

TEST(Switches, OnAGpuKeysAreNeverTriedInBf16) {
  auto job = gpu_job(simulated_gpu("NVIDIA H100 80GB HBM3", 80, 9, 0));
  job.shape.sample_kind = "keys";
  DeviceModel device;
  device.precision_time = {{Precision::bf16, 0.3}, {Precision::fp16, 0.6}};
  const auto outcome = job.tune(device);
  EXPECT_EQ(job.value(outcome, "gpu.mixed_precision"), "fp16");
  EXPECT_NE(trial(job, "fp16 against float32"), nullptr);
  for (const Happened& one : job.happened)
    for (const auto& settings : one.spec.candidates) EXPECT_NE(settings.precision, Precision::bf16) << one.why;
}

TEST(Switches, TwoPrecisionsThatLoseAreBothNamed) {
  auto job = gpu_job(simulated_gpu("NVIDIA H100 80GB HBM3", 80, 9, 0));
  DeviceModel device;
  device.precision_time = {{Precision::bf16, 0.5}, {Precision::fp16, 0.9}};
  device.broken = [](const TrialSettings& settings) {
    return settings.precision == Precision::fp32 ? std::optional(TrialOutcome::crashed) : std::nullopt;
  };
  const auto outcome = job.tune(device);
  EXPECT_EQ(job.value(outcome, "gpu.mixed_precision"), "bf16");
  EXPECT_THAT(job.choice(outcome, "gpu.mixed_precision").reason,
              AllOf(HasSubstr("float32 did not run"), HasSubstr("fp16 is 0.")));
}

TEST(Switches, ThePlanAndTheSettingsThatWereMeasuredAreTheSame) {
  // fp32 is the fastest here, and TF32 would be too: what the plan says must be what was verified.
  for (unsigned seed = 1; seed <= 10; ++seed) {
    auto job = gpu_job(simulated_gpu("NVIDIA H100 80GB HBM3", 80, 9, 0));
    job.config.gpu.mixed_precision = Precision::fp32;
    DeviceModel device;
    device.seed = seed;
    device.tf32_time = 1.2;
    device.channels_last_time = 0.8;
    device.cudnn_benchmark_time = 1.1;
    const auto outcome = job.tune(device);
    const Happened* verified = trial(job, "memory at the chosen micro-batch");
    ASSERT_NE(verified, nullptr);
    auto planned = job.settings(outcome);
    planned.accumulation = verified->spec.candidates[0].accumulation;
    EXPECT_EQ(planned, verified->spec.candidates[0]);
    EXPECT_FALSE(planned.tf32);
    EXPECT_TRUE(planned.channels_last);
    EXPECT_FALSE(planned.cudnn_benchmark);
  }
}

TEST(Switches, ASwitchWithoutABearingBesideTheWinnerIsNotTriedAgain) {
  auto job = gpu_job(simulated_gpu("NVIDIA H100 80GB HBM3", 80, 9, 0));
  job.other_prior = {{"gpu.mixed_precision", "off"}, {"gpu.tf32", false}};
  DeviceModel device;
  device.precision_time = {{Precision::bf16, 0.5}};
  device.tf32_time = 0.7;  // a gain in float32 alone
  const auto outcome = job.tune(device);
  EXPECT_EQ(job.value(outcome, "gpu.mixed_precision"), "bf16");
  EXPECT_EQ(job.value(outcome, "gpu.tf32"), false);
  EXPECT_THAT(job.choice(outcome, "gpu.tf32").reason, HasSubstr("with mixed_precision"));
  int tried = 0;
  for (const Happened& one : job.happened) tried += one.why.find("tf32 on") != std::string::npos;
  EXPECT_EQ(tried, 1);
}

}  // namespace
TEST(Switches, WhereStepsAreLongTheyAreComparedAtASmallerBatch) {
  SimulatedJob job;
  DeviceModel device;
  device.per_sample_s = 0.012;  // 1.5 s a step of 128: forty of them are all the time there is
  device.precision_time[Precision::bf16] = 0.6;
  const auto outcome = job.tune(device);
  EXPECT_EQ(job.value(outcome, "gpu.mixed_precision"), "bf16");
  const auto micro_batch = job.choice(outcome, "gpu.mixed_precision").evidence.at("micro_batch").get<std::int64_t>();
  EXPECT_LT(micro_batch, 128);
  EXPECT_GE(micro_batch, 16);
}

TEST(Switches, WhereStepsAreShortTheyAreComparedAtTheBatchInHand) {
  SimulatedJob job;
  DeviceModel device;
  device.precision_time[Precision::bf16] = 0.6;
  const auto outcome = job.tune(device);
  EXPECT_EQ(job.choice(outcome, "gpu.mixed_precision").evidence.at("micro_batch"), 128);
}

}  // namespace tlaunch
