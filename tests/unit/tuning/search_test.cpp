// Every branch of the search for memory and micro-batch, on a simulated device.
#include <gmock/gmock.h>

#include <set>

#include "base/error.h"
#include "simulated_device.h"

namespace tlaunch {
namespace {

using test::DeviceModel;
using test::Happened;
using test::SimulatedDevice;
using test::SimulatedJob;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string refusal(SimulatedJob& job, const DeviceModel& device) {
  try {
    job.tune(device);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

std::int64_t batch(const SimulatedJob& job, const TuneOutcome& outcome) { return job.settings(outcome).micro_batch; }

void expect_product(const SimulatedJob& job, const TuneOutcome& outcome) {
  const auto settings = job.settings(outcome);
  EXPECT_EQ(settings.micro_batch * settings.accumulation * job.shape.world_size,
            apply(job.config, outcome.plan).train.effective_batch_size);
}

void expect_whole_plan(const SimulatedJob& job, const TuneOutcome& outcome) {
  for (const Choice& before : job.prior().choices) {
    const Choice* choice = outcome.plan.find(before.key);
    ASSERT_NE(choice, nullptr) << before.key;
    EXPECT_FALSE(choice->value.is_null()) << before.key;
    EXPECT_THAT(choice->reason, Not(IsEmpty())) << before.key;
  }
  expect_product(job, outcome);
}

TEST(Search, WhereAllFitsItTakesTheFastestAndVerifiesIt) {
  SimulatedJob job;
  const DeviceModel device;
  const auto outcome = job.tune(device);
  expect_whole_plan(job, outcome);
  // The overhead of 6 ms a step is spread best over the largest batch.
  EXPECT_EQ(batch(job, outcome), 128);
  EXPECT_EQ(job.choice(outcome, "train.batch_size").origin, Origin::measured);
  EXPECT_THAT(job.choice(outcome, "train.batch_size").reason, HasSubstr("128 x 1 x 2 ranks = 256"));
  const auto peak = static_cast<std::uint64_t>(device.peak(job.settings(outcome), true));
  EXPECT_EQ(outcome.measured_peak_bytes, peak);
  EXPECT_NEAR(static_cast<double>(outcome.predicted_peak_bytes), static_cast<double>(peak),
              0.05 * static_cast<double>(peak));
  EXPECT_NEAR(outcome.samples_per_s, 2 * device.samples_per_s(job.settings(outcome)), 0.1 * outcome.samples_per_s);
  EXPECT_EQ(job.count(TrialOutcome::ok), outcome.trials);
  EXPECT_FALSE(outcome.interrupted);
}

TEST(Search, WhereNothingFitsItSaysWhatIsThereAndWhatIsNeeded) {
  SimulatedJob job;
  DeviceModel device;
  device.capacity = 0.4e9;  // less than the model alone
  EXPECT_THAT(refusal(job, device), AllOf(HasSubstr("6 GB"), HasSubstr("micro-batch 1 "), HasSubstr("smaller model")));
  // Here it runs, but needs more than the budget.
  device.capacity = 8e9;
  job.budget_bytes = 300'000'000;
  EXPECT_THAT(refusal(job, device), AllOf(HasSubstr("300 MB"), HasSubstr("micro-batch 1 needs 804 MB")));
}

TEST(Search, AFixedBatchThatDoesNotFitIsRefusedWithItsOwnFigure) {
  SimulatedJob job;
  job.config.train.batch_size = 128;
  job.budget_bytes = 1'000'000'000;
  const std::string why = refusal(job, {});
  EXPECT_THAT(why, AllOf(HasSubstr("micro-batch 128"), HasSubstr("it needs 1.3"), HasSubstr("each rank may use 1 GB"),
                         HasSubstr("train.batch_size")));
}

TEST(Search, GoesBelowAMultipleOfFourOnlyWhereMemoryForcesIt) {
  SimulatedJob job;
  DeviceModel device;
  device.per_sample = 1.5e9;  // 3 samples in 6 GB
  device.capacity = 6e9;
  const auto outcome = job.tune(device);
  EXPECT_EQ(batch(job, outcome), 2);
  expect_whole_plan(job, outcome);
  EXPECT_LE(device.peak(job.settings(outcome), true), 6e9);
  EXPECT_THAT(job.choice(outcome, "train.batch_size").reason, HasSubstr("2 x 64 x 2 ranks = 256"));
}

TEST(Search, ABatchThatRunsButIsOverTheBudgetIsNotTaken) {
  SimulatedJob job;
  DeviceModel device;
  device.capacity = 80e9;
  device.per_sample = 50e6;
  job.budget_bytes = 3'000'000'000;
  const auto outcome = job.tune(device);
  EXPECT_EQ(batch(job, outcome), 32);
  EXPECT_LE(device.peak(job.settings(outcome), true), 3e9);
  EXPECT_EQ(job.count(TrialOutcome::out_of_memory), 0);
}

TEST(Search, ThePaceMayBeBestInTheMiddle) {
  SimulatedJob job;
  DeviceModel device;
  device.pace = [](std::int64_t b) { return b > 32 ? 1.5 : 1.0; };  // out of the cache
  const auto outcome = job.tune(device);
  EXPECT_EQ(batch(job, outcome), 32);
  EXPECT_THAT(job.choice(outcome, "train.batch_size").evidence.at("samples_per_s").dump(),
              AllOf(HasSubstr("\"16\""), HasSubstr("\"128\"")));
}

TEST(Search, OfEqualPacesTheSmallestBatchIsTaken) {
  SimulatedJob job;
  DeviceModel device;
  device.update_s = device.overhead_s = 0;
  device.noise = 0.002;
  EXPECT_EQ(batch(job, job.tune(device)),
            4);  // even below an eighth of the prior's, if the smallest one is the best
}

TEST(Search, NoiseCostsLittle) {
  int good = 0;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    SimulatedJob job;
    DeviceModel device;
    device.noise = 0.15;
    device.drift = 0.2;
    device.seed = seed;
    const auto outcome = job.tune(device);
    expect_product(job, outcome);
    auto best = job.settings(outcome);
    best.micro_batch = 128, best.accumulation = 1;
    good += device.samples_per_s(job.settings(outcome)) >= 0.9 * device.samples_per_s(best);
  }
  EXPECT_GE(good, 45);
}

TEST(Search, PredictsABatchBeforeItTriesIt) {
  SimulatedJob job;
  job.tune({});
  std::set<std::int64_t> predicted;
  int in_pairs_or_more = 0;
  for (const Happened& one : job.happened) {
    if (!one.result) {
      predicted.insert(one.predicted_batch);
      continue;
    }
    if (one.why.starts_with("memory at micro-batch")) continue;  // the small ones, which give the line
    for (const auto& settings : one.spec.candidates) EXPECT_TRUE(predicted.contains(settings.micro_batch)) << one.why;
    ++in_pairs_or_more;
  }
  EXPECT_GE(in_pairs_or_more, 3);
}

TEST(Search, VerificationStepsDownUntilTheBatchHolds) {
  SimulatedJob job;
  DeviceModel device;
  device.beside_the_line = [](std::int64_t b) { return b > 64 ? 20e9 : b > 32 ? 5.5e9 : 0; };
  device.capacity = 30e9;  // it runs, but needs more than the budget
  const auto outcome = job.tune(device);
  EXPECT_EQ(batch(job, outcome), 32);
  EXPECT_LE(outcome.measured_peak_bytes, job.budget_bytes);
  expect_whole_plan(job, outcome);
}

TEST(Search, VerificationStepsDownWhereTheChosenBatchFails) {
  SimulatedJob job;
  DeviceModel device;
  device.beside_the_line = [](std::int64_t b) { return b > 16 ? 20e9 : 0; };  // only small ones run
  device.capacity = 6e9;
  job.config.train.effective_batch_size = 4096;
  const auto outcome = job.tune(device);
  EXPECT_LE(batch(job, outcome), 16);
  EXPECT_LE(outcome.measured_peak_bytes, job.budget_bytes);
  expect_whole_plan(job, outcome);
}

TEST(Search, AVerificationThatNeverHoldsFallsBackToWhatWasMeasuredToFit) {
  SimulatedJob job;
  job.config.train.effective_batch_size = 2 * 720;  // many candidates: 4 8 12 16 20 24 36 40 48 60 72 ...
  DeviceModel device;
  device.capacity = 60e9;
  // Every batch above those of the line needs a little more than the budget.
  device.beside_the_line = [](std::int64_t b) { return b > 32 ? 5.5e9 - 4e6 * static_cast<double>(b) : 0; };
  const auto outcome = job.tune(device);
  EXPECT_LE(batch(job, outcome), 32);
  EXPECT_GE(batch(job, outcome), 16);
  EXPECT_LE(device.peak(job.settings(outcome), true), 6e9);
  expect_whole_plan(job, outcome);
}

TEST(Search, TheBatchThatTheUserFixedStaysEvenWhereItIsOverTheBudget) {
  SimulatedJob job;
  job.config.train.batch_size = 64;
  DeviceModel device;
  device.capacity = 30e9;
  device.beside_the_line = [](std::int64_t b) { return b == 64 ? 10e9 : 0; };
  const auto outcome = job.tune(device);
  EXPECT_EQ(batch(job, outcome), 64);
  EXPECT_EQ(job.choice(outcome, "train.batch_size").origin, Origin::user);
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("micro-batch 64, set in the config, does not fit")));
}

TEST(Search, KeepMicroBatchHoldsTheTables) {
  SimulatedJob job;
  job.config.tune.keep_micro_batch = true;
  job.config.train.effective_batch_size = 1024;
  DeviceModel device;
  device.pace = [](std::int64_t b) { return b >= 128 ? 2.0 : 1.0; };
  const auto outcome = job.tune(device);
  EXPECT_EQ(batch(job, outcome), 128);
  for (const Happened& one : job.happened)
    if (one.result && one.spec.rounds > 0 && !one.why.starts_with("memory at micro-batch")) {
      EXPECT_EQ(one.spec.candidates.front().micro_batch, 128) << one.why;
    }
}

TEST(Search, BatchNormIsMentionedWhereTheBatchIsNotTheTables) {
  SimulatedJob job;
  DeviceModel device;
  device.facts.batch_norm = true;
  device.pace = [](std::int64_t b) { return b > 32 ? 1.5 : 1.0; };
  EXPECT_THAT(job.tune(device).notes, Contains(AllOf(HasSubstr("BatchNorm"), HasSubstr("tune.keep_micro_batch"))));
  device.facts.batch_norm = false;
  EXPECT_THAT(job.tune(device).notes, Not(Contains(HasSubstr("BatchNorm"))));
  device.facts.batch_norm = true;
  device.pace = [](std::int64_t) { return 1.0; };
  EXPECT_THAT(job.tune(device).notes, Not(Contains(HasSubstr("BatchNorm"))));
}

TEST(Search, BatchNormIsMentionedWhereMemoryMadeTheBatchSmaller) {
  SimulatedJob job;
  DeviceModel device;
  device.facts.batch_norm = true;
  device.per_sample = 100e6;
  const auto outcome = job.tune(device);
  EXPECT_LT(batch(job, outcome), 128);
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("BatchNorm")));
}

TEST(Search, InterruptedAnywhereItGivesThePlanSoFar) {
  DeviceModel device;
  device.precision_time[Precision::bf16] = 0.6;
  device.per_sample = 60e6;  // the prior's batch does not fit
  SimulatedJob job;
  const int trials = job.tune(device).trials;
  ASSERT_GE(trials, 6);
  for (int at = 1; at <= trials; ++at) {
    device.script = {{at, TrialOutcome::interrupted}};
    const auto outcome = job.tune(device);
    EXPECT_TRUE(outcome.interrupted) << at;
    EXPECT_EQ(outcome.trials, at) << "went on after an interruption";
    EXPECT_THAT(outcome.notes, Contains(HasSubstr("interrupted")));
    expect_whole_plan(job, outcome);
    if (at > 2) {  // two trials give the line
      EXPECT_LE(device.peak(job.settings(outcome), true), static_cast<double>(job.budget_bytes)) << at;
    }
  }
}

TEST(Search, ATrialThatFailsAnywhereLeavesAWholePlan) {
  for (const auto failure : {TrialOutcome::crashed, TrialOutcome::hung, TrialOutcome::out_of_memory}) {
    DeviceModel device;
    device.precision_time[Precision::bf16] = 0.6;
    SimulatedJob job;
    const int trials = job.tune(device).trials;
    for (int at = 1; at <= trials; ++at) {
      device.script = {{at, failure}};
      const auto outcome = job.tune(device);
      EXPECT_EQ(job.count(failure), 1);
      expect_whole_plan(job, outcome);
      EXPECT_LE(device.peak(job.settings(outcome), true), static_cast<double>(job.budget_bytes)) << at;
    }
  }
}

TEST(Search, AWorkerThatCrashesWhateverItTriesLeavesThePriorAndSaysSo) {
  SimulatedJob job;
  DeviceModel device;
  device.broken = [](const TrialSettings&) { return TrialOutcome::crashed; };
  const auto outcome = job.tune(device);  // the run itself will report more, with its own exit code
  expect_whole_plan(job, outcome);
  EXPECT_EQ(job.settings(outcome), trial_settings_of(apply(job.config, job.prior())));
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("the simulated fault")));
  EXPECT_THAT(job.choice(outcome, "train.batch_size").reason, HasSubstr("not measured"));
  EXPECT_LE(outcome.trials, 2);
}

TEST(Search, WhereTheTablesSwitchesCrashThePlainOnesAreTakenAndTheRestIsTuned) {
  SimulatedJob job;
  ASSERT_TRUE(trial_settings_of(apply(job.config, job.prior())).channels_last);
  DeviceModel device;
  device.precision_time[Precision::bf16] = 0.6;
  device.broken = [](const TrialSettings& settings) {
    return settings.channels_last ? std::optional(TrialOutcome::crashed) : std::nullopt;
  };
  const auto outcome = job.tune(device);
  expect_whole_plan(job, outcome);
  EXPECT_EQ(job.value(outcome, "gpu.channels_last"), false);
  EXPECT_EQ(job.value(outcome, "gpu.mixed_precision"), "bf16");
  EXPECT_THAT(job.choice(outcome, "gpu.channels_last").reason, HasSubstr("crashed: the simulated fault"));
  EXPECT_EQ(job.choice(outcome, "train.batch_size").origin, Origin::measured);
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("the simulated fault")));
}

TEST(Search, ASwitchThatCrashesWithOnePrecisionIsTriedAgainWithTheOneThatWon) {
  SimulatedJob job;
  DeviceModel device;
  device.precision_time[Precision::bf16] = 0.6;
  device.channels_last_time = 0.7;
  device.broken = [](const TrialSettings& settings) {
    return settings.channels_last && settings.precision == Precision::fp32 ? std::optional(TrialOutcome::crashed)
                                                                           : std::nullopt;
  };
  const auto outcome = job.tune(device);
  expect_whole_plan(job, outcome);
  EXPECT_EQ(job.value(outcome, "gpu.mixed_precision"), "bf16");
  EXPECT_EQ(job.value(outcome, "gpu.channels_last"), true);
}

TEST(Search, WithoutTimeThePriorsValuesStayAndTheReasonSaysSo) {
  SimulatedJob job;
  job.budget_s = 0.5;  // the first process start takes more
  DeviceModel device;
  device.precision_time[Precision::bf16] = 0.5;
  device.pace = [](std::int64_t b) { return b > 32 ? 2.0 : 1.0; };
  const auto outcome = job.tune(device);
  expect_whole_plan(job, outcome);
  for (const char* key : {"gpu.mixed_precision", "gpu.channels_last", "train.batch_size"}) {
    EXPECT_EQ(job.value(outcome, key), job.prior().find(key)->value) << key;
    EXPECT_EQ(job.choice(outcome, key).origin, Origin::prior) << key;
    EXPECT_THAT(job.choice(outcome, key).reason, AllOf(HasSubstr("not measured"), HasSubstr("time"))) << key;
  }
  EXPECT_GT(outcome.measured_peak_bytes, 0u) << "memory is verified all the same";
}

TEST(Search, ABudgetOfNothingCostsOneTrialThatProtectsTheRun) {
  SimulatedJob job;
  job.budget_s = 0;
  const DeviceModel device;
  const auto outcome = job.tune(device);
  expect_whole_plan(job, outcome);
  EXPECT_EQ(outcome.trials, 1);
  EXPECT_EQ(job.settings(outcome), trial_settings_of(apply(job.config, job.prior())));
  EXPECT_EQ(outcome.measured_peak_bytes, static_cast<std::uint64_t>(device.peak(job.settings(outcome), true)));
  EXPECT_THAT(job.choice(outcome, "gpu.mixed_precision").reason, AllOf(HasSubstr("not measured"), HasSubstr("time")));
}

TEST(Search, ABudgetThatIsGoneOnTheWayLeavesOnlyTheCheck) {
  for (const double budget_s : {0.9, 1.05, 1.1, 1.2, 1.5, 2.0, 3.0, 4.0}) {
    SimulatedJob job;
    job.budget_s = budget_s;
    DeviceModel device;
    device.precision_time[Precision::bf16] = 0.6;
    const auto outcome = job.tune(device);
    expect_whole_plan(job, outcome);
    EXPECT_LE(device.peak(job.settings(outcome), true), static_cast<double>(job.budget_bytes));
    EXPECT_EQ(outcome.measured_peak_bytes, static_cast<std::uint64_t>(device.peak(job.settings(outcome), true)));
    int late = 0;
    for (const Happened& one : job.happened) late += one.result && one.began_s >= budget_s;
    EXPECT_LE(late, 1) << budget_s;
  }
}

TEST(Search, WithoutTimeABatchThatDoesNotFitIsStillReplacedByOneThatDoes) {
  for (const double needs : {60e6, 1.5e9}) {     // a sample; the second leaves fewer than four
    for (const double capacity : {6e9, 60e9}) {  // it fails, or needs more than the budget
      SimulatedJob job;
      job.budget_s = 0;
      DeviceModel device;
      device.per_sample = needs;
      device.capacity = capacity;
      const auto outcome = job.tune(device);
      expect_whole_plan(job, outcome);
      EXPECT_LT(batch(job, outcome), 128);
      EXPECT_LE(device.peak(job.settings(outcome), true), 6e9);
      EXPECT_GT(outcome.measured_peak_bytes, 0u);
    }
  }
  SimulatedJob job;
  job.budget_s = 0;
  job.budget_bytes = 300'000'000;
  EXPECT_THAT(refusal(job, {}), HasSubstr("no micro-batch fits the memory"));
  job.budget_bytes = 1'000'000'000;
  job.config.train.batch_size = 128;
  EXPECT_THAT(refusal(job, {}), HasSubstr("micro-batch 128, which is fixed, does not fit the memory"));
}

TEST(Search, AShortRunIsNotTunedForLongerThanItCanWin) {
  SimulatedJob job;
  job.thorough = false;
  DeviceModel device;
  device.per_sample_s = 0.0002;  // a pair takes some 10 s
  device.facts.train_samples = 200;
  const auto outcome = job.tune(device);
  EXPECT_LT(outcome.seconds, 10);
  EXPECT_THAT(job.choice(outcome, "gpu.mixed_precision").reason, HasSubstr("not measured"));
  job.thorough = true;
  EXPECT_THAT(job.choice(job.tune(device), "gpu.mixed_precision").reason, Not(HasSubstr("not measured")));
}

// The time of a run with the plan that was chosen.
double run_s(const SimulatedJob& job, const DeviceModel& device, const TuneOutcome& outcome) {
  const auto settings = job.settings(outcome);
  const double samples = static_cast<double>(device.facts.train_samples * *job.config.train.epochs);
  return samples / (device.samples_per_s(settings) * static_cast<double>(job.shape.world_size));
}

double run_s_of_steps(const SimulatedJob& job, const DeviceModel& device, const TuneOutcome& outcome, int steps) {
  return device.step_s(job.settings(outcome)) * steps;
}

TEST(Search, AllOfTuningKeepsToItsShareOfTheRun) {
  int measured_more = 0;
  for (const std::int64_t train_samples : {2'000, 10'000, 50'000, 250'000, 1'000'000, 10'000'000})
    for (const double start_s : {0.3, 1.2, 1.6})
      for (const double trial_s : {0.1, 0.4, 0.8})
        for (const bool slow_half : {false, true}) {
          SimulatedJob job;
          job.thorough = false;
          job.config.train.epochs = 1;
          DeviceModel device;
          device.start_s = start_s;
          device.trial_s = trial_s;
          device.whole_run_s = 0.3;
          device.facts.train_samples = train_samples;
          device.precision_time[Precision::bf16] = slow_half ? 1.5 : 0.6;
          const auto outcome = job.tune(device);
          const double bound_s = tuning_budget_s(run_s(job, device, outcome) * 1.7, false);  // the pace it began with
          EXPECT_LE(outcome.seconds, bound_s + 0.6)  // the check is of a larger batch than the trials before it
              << train_samples << " samples, " << start_s << " s to start, " << trial_s << " s a trial";
          EXPECT_GT(outcome.measured_peak_bytes, 0u) << "what protects the run is always measured";
          EXPECT_TRUE(outcome.pace) << "and so is its pace";
          expect_whole_plan(job, outcome);
          measured_more += job.choice(outcome, "gpu.mixed_precision").origin == Origin::measured;
        }
  EXPECT_GT(measured_more, 30) << "where there is time it is used";
}

// Ten visits of a step of one second would take ten seconds.
TEST(Search, LongStepsAreRehearsedAFewTimes) {
  SimulatedJob job;
  job.thorough = false;
  job.config.train.max_steps = 100;
  DeviceModel device;
  device.per_sample_s = 0.008;  // a step of 128 samples: 1 s
  device.trial_s = 0.5;
  const auto outcome = job.tune(device);
  EXPECT_LE(outcome.seconds, 0.15 * run_s_of_steps(job, device, outcome, 100));
  EXPECT_TRUE(outcome.pace);
  EXPECT_LE(job.happened.back().spec.rounds, 3);
}

TEST(Search, AShortRunOnASlowMachineCostsTwoTrials) {
  SimulatedJob job;
  job.thorough = false;
  job.config.train.max_steps = 20;
  DeviceModel device;
  device.start_s = 2;
  device.whole_run_s = 1;
  const auto outcome = job.tune(device);
  EXPECT_EQ(outcome.trials, 2);
  EXPECT_LE(outcome.seconds, 5);
  EXPECT_TRUE(outcome.unfinished) << "a longer run measures the rest";
  EXPECT_THAT(job.choice(outcome, "gpu.mixed_precision").reason, HasSubstr("no time was left"));
  EXPECT_EQ(outcome.measured_peak_bytes, static_cast<std::uint64_t>(device.peak(job.settings(outcome), true)));
  job.thorough = true;
  EXPECT_FALSE(job.tune(device).unfinished);
}

TEST(Search, AHangUsesUpTheBudgetAndTheRestKeepsThePriorsValue) {
  SimulatedJob job;
  job.budget_s = 20;
  DeviceModel device;
  device.script = {{4, TrialOutcome::hung}};  // the first pair
  const auto outcome = job.tune(device);
  EXPECT_THAT(job.choice(outcome, "gpu.mixed_precision").reason, HasSubstr("hung"));
  EXPECT_THAT(job.choice(outcome, "gpu.channels_last").reason, HasSubstr("no time"));
  expect_whole_plan(job, outcome);
}

TEST(Search, LoaderThreadsAndLogIntervalFollowWhatWasMeasured) {
  SimulatedJob job;
  job.hardware.cpu.allowed_cores = 16;
  DeviceModel device;
  device.make_batch_s_per_sample = 0.0005;  // twice as slow as training
  device.log_cost_s = 0.002;
  const auto outcome = job.tune(device);
  const auto settings = job.settings(outcome);
  const double step_s = device.step_s(settings);
  const auto threads = job.value(outcome, "data.num_workers").get<double>();
  EXPECT_GE(threads, 0.0005 * static_cast<double>(settings.micro_batch) / step_s);
  EXPECT_LE(threads, 8);  // 16 cores for 2 ranks
  EXPECT_EQ(job.choice(outcome, "data.num_workers").origin, Origin::measured);
  EXPECT_LE(0.002 / (step_s * job.value(outcome, "log.log_interval").get<double>()), 0.011);
  device.make_batch_s_per_sample = 0.01;
  EXPECT_EQ(job.value(job.tune(device), "data.num_workers"), 8);
  EXPECT_THAT(job.choice(job.tune(device), "data.num_workers").reason, HasSubstr("cannot keep up"));
}

TEST(Search, ALoggedStepThatNoIntervalMakesCheapGetsTheLongestOne) {
  SimulatedJob job;
  DeviceModel device;
  device.log_cost_s = 1e4;
  const auto outcome = job.tune(device);
  EXPECT_EQ(job.value(outcome, "log.log_interval"), 1000);
  EXPECT_THAT(job.choice(outcome, "log.log_interval").reason,
              AllOf(HasSubstr("the longest interval"), Not(HasSubstr("under 1 %"))));
}

// Trials that time the loader, in order, without the check of the plan.
std::vector<const Happened*> with_loader(const SimulatedJob& job) {
  std::vector<const Happened*> found;
  for (const Happened& one : job.happened)
    if (one.result && one.spec.with_loader && one.spec.rounds > 0 && !one.why.starts_with("memory at"))
      found.push_back(&one);
  return found;
}

TEST(Search, TheWaitForTheLoaderIsMeasuredAndTold) {
  SimulatedJob job;
  const auto outcome = job.tune({});
  const auto trials = with_loader(job);
  ASSERT_EQ(trials.size(), 1u);
  EXPECT_EQ(trials[0]->spec.candidates, (std::vector{job.settings(outcome)}));
  for (const char* key : {"data.num_workers", "data.prefetch_factor"}) {
    EXPECT_EQ(job.choice(outcome, key).origin, Origin::measured) << key;
    EXPECT_THAT(job.choice(outcome, key).reason, HasSubstr("waits for its batches 0.0 % of the time")) << key;
    EXPECT_EQ(job.choice(outcome, key).evidence.at("wait_share"), 0) << key;
  }
  EXPECT_EQ(job.value(outcome, "data.prefetch_factor"), 2);
}

TEST(Search, ALoaderThatIsWaitedForGetsMoreThreadsThenWorksFurtherAhead) {
  SimulatedJob job;
  job.hardware.cpu.allowed_cores = 4;
  DeviceModel device;  // batches take uneven times to make: only ready ones help
  device.uneven_wait = [](std::int64_t ahead) { return ahead >= 8 ? 0.001 : 0.3 / static_cast<double>(ahead); };
  const auto outcome = job.tune(device);
  EXPECT_EQ(with_loader(job).size(), 3u + 1);  // and a number of threads beside it
  EXPECT_EQ(job.value(outcome, "data.num_workers"), 2);
  EXPECT_EQ(job.value(outcome, "data.prefetch_factor"), 4);
  EXPECT_THAT(job.choice(outcome, "data.prefetch_factor").reason, HasSubstr("0.1 % of the time (13.0 % before)"));
}

TEST(Search, MoreForTheLoaderIsNotTakenWhereItDoesNotHelpOrDoesNotFit) {
  SimulatedJob job;
  DeviceModel device;
  device.uneven_wait = [](std::int64_t) { return 0.2; };
  auto outcome = job.tune(device);
  EXPECT_EQ(job.value(outcome, "data.prefetch_factor"), 2);
  EXPECT_THAT(job.choice(outcome, "data.num_workers").reason, HasSubstr("16.7 % of the time"));
  EXPECT_NEAR(outcome.samples_per_s, 2 * device.samples_per_s(job.settings(outcome)) / 1.2, 0.1 * outcome.samples_per_s)
      << "with its waits";
  EXPECT_EQ(with_loader(job).size(), 2u);
  device.uneven_wait = [](std::int64_t ahead) { return 1.0 / static_cast<double>(ahead); };
  job.config.train.batch_size = 128;
  job.budget_bytes = static_cast<std::uint64_t>(device.peak(job.settings(outcome), true)) - 1;
  device.snapshot = 0;  // now the trial with the loader needs just more than the budget
  device.beside_the_line = [&](std::int64_t) { return with_loader(job).size() == 1 ? 0.3e9 : 0.0; };
  outcome = job.tune(device);
  EXPECT_EQ(job.value(outcome, "data.prefetch_factor"), 2);
}

TEST(Search, WhatTheUserFixedOfTheLoaderStays) {
  SimulatedJob job;
  job.config.data.num_workers = 3;
  DeviceModel device;
  device.uneven_wait = [](std::int64_t ahead) { return 0.6 / static_cast<double>(ahead); };
  const auto outcome = job.tune(device);
  EXPECT_EQ(job.value(outcome, "data.num_workers"), 3);
  EXPECT_EQ(job.choice(outcome, "data.num_workers").origin, Origin::user);
  EXPECT_EQ(job.value(outcome, "data.prefetch_factor"), 16);
  job.config.data.prefetch_factor = 1;
  const auto both = job.tune(device);
  EXPECT_EQ(job.value(both, "data.prefetch_factor"), 1);
  EXPECT_THAT(with_loader(job), IsEmpty());
}

TEST(Search, FewerThreadsAreTakenWhereTheyAreFasterBesideTheLoaderAndTheNotesSaySo) {
  SimulatedJob job;
  job.hardware.cpu.allowed_cores = 16;  // 8 for each rank
  DeviceModel device;
  device.threads_time = [](std::int64_t threads) { return threads == 8 ? 1.2 : threads == 7 ? 1.0 : 1.1; };
  const auto outcome = job.tune(device);
  EXPECT_EQ(job.value(outcome, "launch.threads_per_rank"), 7);
  EXPECT_EQ(job.choice(outcome, "launch.threads_per_rank").origin, Origin::measured);
  EXPECT_THAT(job.choice(outcome, "launch.threads_per_rank").reason, HasSubstr("7 threads: 1."));
  EXPECT_THAT(outcome.notes, Contains(AllOf(HasSubstr("7 instead of 8 threads"), HasSubstr("last bits"))));
  device.threads_time = [](std::int64_t) { return 1.0; };
  const auto equal = job.tune(device);
  EXPECT_EQ(job.value(equal, "launch.threads_per_rank"), 8);
  EXPECT_THAT(job.choice(equal, "launch.threads_per_rank").reason, HasSubstr("8 threads: 7 threads is"));
  EXPECT_THAT(equal.notes, Not(Contains(HasSubstr("last bits"))));
}

TEST(Search, ThreadsThatTheUserTheEnvironmentOrDeterminismFixesAreNotMeasured) {
  DeviceModel device;
  device.threads_time = [](std::int64_t threads) { return 1.0 + 0.1 * static_cast<double>(threads); };
  const auto threads_of = [&](auto change) {
    SimulatedJob job;
    job.hardware.cpu.allowed_cores = 16;
    change(job);
    return job.value(job.tune(device), "launch.threads_per_rank");
  };
  EXPECT_EQ(threads_of([](SimulatedJob&) {}), 4);
  EXPECT_EQ(threads_of([](SimulatedJob& job) { job.config.launch.threads_per_rank = 6; }), 6);
  EXPECT_EQ(threads_of([](SimulatedJob& job) { job.shape.omp_num_threads = 5; }), 5);
  EXPECT_EQ(threads_of([](SimulatedJob& job) { job.config.deterministic = true; }), 8);
  EXPECT_EQ(threads_of([](SimulatedJob& job) { job.hardware.cpu.allowed_cores = 2; }), 1);
}

TEST(Search, OnAGpuPinnedMemoryAndTheIntervalOfItsFiguresAreMeasured) {
  SimulatedJob job;
  job.shape = {"image", true, 1};
  job.hardware.cpu.allowed_cores = 8;
  job.hardware.gpus = {test::simulated_gpu("NVIDIA GeForce RTX 3060", 12, 8, 6)};
  DeviceModel device;
  device.pageable_time = 1.2;
  device.gpu_log_cost_s = 0.020;
  auto outcome = job.tune(device);
  EXPECT_EQ(job.value(outcome, "data.pin_memory"), true);
  EXPECT_THAT(job.choice(outcome, "data.pin_memory").reason, HasSubstr("pin_memory on: pin_memory off is 0.8"));
  const double step_s = static_cast<double>(job.config.train.effective_batch_size.value()) / outcome.samples_per_s;
  const auto interval = job.value(outcome, "log.gpu_log_interval").get<double>();
  EXPECT_LE(0.020 / (step_s * interval), 0.01);
  EXPECT_EQ(job.choice(outcome, "log.gpu_log_interval").origin, Origin::measured);
  device.pageable_time = 0.8;
  device.gpu_log_cost_s = 0.0001;  // cheap, but still at most one per second
  outcome = job.tune(device);
  EXPECT_EQ(job.value(outcome, "data.pin_memory"), false);
  EXPECT_GE(step_s * job.value(outcome, "log.gpu_log_interval").get<double>(), 0.9);
  device.gpu_log_cost_s = 0;  // no driver to ask
  EXPECT_EQ(job.choice(job.tune(device), "log.gpu_log_interval").origin, Origin::prior);
}

TEST(Search, AnOpenSaveIntervalFollowsFromWhatASaveCosts) {
  SimulatedJob job;
  DeviceModel device;
  EXPECT_EQ(job.tune(device).plan.find("checkpoint.every_n_steps"), nullptr) << "the config has one of its own";
  job.config.checkpoint.every_n_epochs.reset();
  auto outcome = job.tune(device);
  EXPECT_EQ(job.choice(outcome, "checkpoint.every_n_steps").origin, Origin::measured);
  const double step_s = static_cast<double>(job.config.train.effective_batch_size.value()) / outcome.samples_per_s;
  const auto save_s = job.choice(outcome, "checkpoint.every_n_steps").evidence.at("save_s").get<double>();
  EXPECT_GT(save_s, device.save_copy_s);
  EXPECT_LE(save_s, 0.01 * step_s * job.value(outcome, "checkpoint.every_n_steps").get<double>());
  const auto cheap = job.value(outcome, "checkpoint.every_n_steps");
  device.save_copy_s = 30;
  EXPECT_GT(job.value(job.tune(device), "checkpoint.every_n_steps"), cheap);
}

TEST(Search, DemandIsTheLineOfOneRank) {
  SimulatedJob job;
  const DeviceModel model;
  SimulatedDevice device(model);
  const Demand demand =
      measure_demand({job.config, job.hardware, job.shape, job.prior(), job.budget_bytes, {}, true}, device, {});
  EXPECT_NEAR(demand.line.bytes_per_sample, 4e6, 1e3);
  EXPECT_NEAR(demand.line.fixed_bytes, 0.8e9, 1e6);
  EXPECT_EQ(demand.parameters, 1'000'000);
  DeviceModel broken;
  broken.broken = [](const TrialSettings&) { return TrialOutcome::crashed; };
  SimulatedDevice none(broken);
  EXPECT_THROW(measure_demand({job.config, job.hardware, job.shape, job.prior(), job.budget_bytes, {}, true}, none, {}),
               UsageError);
}

// The table has fp16. Here float32 is faster, but its smallest batch is over the budget, which only the check finds
// out.
TEST(Search, AFasterModeThatDoesNotFitIsGivenUpForTheOneThatDid) {
  SimulatedJob job;
  job.shape = {"image", /*on_gpu=*/true, 1};
  job.hardware.gpus = {test::simulated_gpu("Tesla T4", 15, 7, 5)};
  job.config.train.gradient_accumulation_steps = 32;
  job.config.train.effective_batch_size.reset();
  job.budget_bytes = 1'000'000'000;
  job.thorough = false;
  for (double budget_s = 0.5; budget_s < 12; budget_s += 0.125) {  // so that the budget ends anywhere
    job.budget_s = budget_s;
    DeviceModel device;
    device.idle = device.snapshot = 0;
    device.fixed = 0.01e9;
    device.per_sample = 0.248e9;
    device.half_memory = 0.5;
    device.precision_time = {{Precision::fp16, 8}};
    device.overhead_s = 0.0001;
    device.per_sample_s = 0.0002;
    const TuneOutcome outcome = job.tune(device);
    EXPECT_LE(device.peak(job.settings(outcome), true), 1e9);
  }
}

}  // namespace
}  // namespace tlaunch
