// What must hold of every plan, whatever the device, the job and what the user fixed.
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "config/effective_batch.h"
#include "simulated_device.h"
#include "tuning/search/batch_candidates.h"

namespace tlaunch {
namespace {

using test::DeviceModel;
using test::simulated_gpu;
using test::SimulatedJob;

// Over the whole range from the first case on (inRange alone begins at its low end).
template <class T>
T between(T low, T below) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(low, below));
}
double real(double low, double high) { return low + (high - low) * between(0, 10'001) / 10'000.0; }
double decades(double low, double high) { return std::exp(real(std::log(low), std::log(high))); }
bool one_in(int n) { return between(0, n) == 0; }
template <class T>
T any_of(std::vector<T> values) {
  return *rc::gen::elementOf(std::move(values));
}

DeviceModel random_device(double budget) {
  DeviceModel device;
  device.idle = real(0, 0.3) * budget;
  device.fixed = decades(0.01, 1) * budget;
  device.snapshot = real(0, 0.2) * budget;
  device.per_sample = decades(1e-5, 1) * budget;
  device.half_memory = real(0.5, 1.2);
  device.capacity = real(1, 3) * budget;
  device.update_s = decades(1e-5, 0.1);
  device.overhead_s = decades(1e-5, 0.1);
  device.per_sample_s = decades(1e-6, 0.05);
  device.noise = real(0, 0.3);
  device.drift = real(0, 0.3);
  device.start_s = real(0.1, 10);
  const auto bend = static_cast<double>(any_of<std::int64_t>({8, 24, 100, 2000}));
  const double after = real(0.5, 3);
  device.pace = [=](std::int64_t batch) { return static_cast<double>(batch) > bend ? after : 1.0; };
  device.precision_time = {{Precision::bf16, decades(0.3, 10)}, {Precision::fp16, decades(0.3, 10)}};
  device.channels_last_time = decades(0.5, 2);
  device.cudnn_benchmark_time = decades(0.5, 2);
  device.tf32_time = decades(0.5, 2);
  device.facts.train_samples = any_of<std::int64_t>({100, 10'000, 1'000'000});
  device.facts.batch_norm = one_in(2);
  device.seed = between(0u, 1000u);
  return device;
}

template <class T>
void maybe(std::optional<T>& setting, T value) {
  if (one_in(4)) setting = value;
}

SimulatedJob random_job() {
  SimulatedJob job;
  const std::int64_t ranks = between<std::int64_t>(1, 5);
  const std::int64_t share = any_of<std::int64_t>({1, 2, 3, 4, 6, 7, 12, 30, 60, 64, 128, 250, 256, 360, 500, 1024});
  job.config.train.effective_batch_size = ranks * share;
  job.shape = {any_of<std::string>({"image", "keys"}), one_in(2), ranks};
  job.hardware.cpu.allowed_cores = between(1, 33);
  if (one_in(2)) job.hardware.cpu.features = {"avx2"};
  if (job.shape.on_gpu)
    job.hardware.gpus.assign(
        static_cast<std::size_t>(ranks),
        any_of<GpuInfo>({simulated_gpu("NVIDIA H100 80GB HBM3", 80, 9, 0), simulated_gpu("Tesla T4", 15, 7, 5),
                         simulated_gpu("NVIDIA GeForce GTX 1080", 8, 6, 1)}));
  job.budget_bytes = static_cast<std::uint64_t>(decades(1e9, 60e9));
  if (one_in(2)) job.budget_s = decades(0.1, 100);
  job.thorough = one_in(2);
  job.config.tune.keep_micro_batch = one_in(5);
  job.config.deterministic = one_in(4);
  const auto all = batch_candidates(job.config.train, ranks, /*memory_forces=*/true);
  const auto split = any_of(all);
  maybe(job.config.train.batch_size, split.micro_batch);
  maybe(job.config.train.gradient_accumulation_steps, split.accumulation);
  if (one_in(3)) job.config.train.effective_batch_size.reset();
  maybe(job.config.gpu.mixed_precision, any_of<Precision>({Precision::fp32, Precision::fp16, Precision::bf16}));
  maybe(job.config.gpu.tf32, one_in(2));
  maybe(job.config.gpu.cudnn_benchmark, one_in(2));
  maybe(job.config.gpu.channels_last, one_in(2));
  maybe(job.config.data.num_workers, std::int64_t{3});
  maybe(job.config.log.log_interval, std::int64_t{17});
  return job;
}

// A fixed batch and a fixed accumulation that do not go together are refused before tuning.
bool consistent(const SimulatedJob& job) {
  try {
    (void)job.prior();
    return true;
  } catch (const UsageError&) {
    return false;
  }
}

bool effective_batch_is_open(const SimulatedJob& job) {
  return !job.config.train.effective_batch_size && !job.config.train.batch_size && !job.config.tune.keep_micro_batch;
}

// All that memory may force.
std::vector<BatchSplit> candidates_of(const SimulatedJob& job, std::int64_t train_samples) {
  const auto prior = apply(job.config, job.prior()).train;
  if (effective_batch_is_open(job))
    return open_batch_candidates({*prior.batch_size, *prior.gradient_accumulation_steps, job.shape.world_size},
                                 job.config.train.gradient_accumulation_steps, train_samples, /*memory_forces=*/true);
  TrainConfig train = job.config.train;
  train.effective_batch_size = prior.effective_batch_size;
  auto candidates = batch_candidates(train, job.shape.world_size, /*memory_forces=*/true);
  if (job.config.tune.keep_micro_batch)
    std::erase_if(candidates, [&](const BatchSplit& one) { return one.micro_batch != prior.batch_size; });
  return candidates;
}

void expect_sound(const SimulatedJob& job, const TuneOutcome& outcome) {
  const TrialSettings chosen = job.settings(outcome);  // throws where an `auto` is left
  const TrainConfig train = apply(job.config, outcome.plan).train;
  RC_ASSERT(chosen.micro_batch * chosen.accumulation * job.shape.world_size == train.effective_batch_size);
  if (job.config.train.effective_batch_size) {
    RC_ASSERT(train.effective_batch_size == job.config.train.effective_batch_size);
    RC_ASSERT(train.learning_rate == job.config.train.learning_rate);
  } else {
    const auto scaled = scaled_learning_rate(job.config.train, *train.effective_batch_size);
    RC_ASSERT(train.learning_rate == scaled.learning_rate);
    RC_ASSERT(job.choice(outcome, "train.learning_rate").reason.find(scaled.rule) != std::string::npos);
  }
  const Plan prior = job.prior();
  RC_ASSERT(outcome.plan.choices.size() == prior.choices.size());
  for (const Choice& before : prior.choices) {
    const Choice& choice = job.choice(outcome, before.key);
    RC_ASSERT(!choice.reason.empty());
    RC_ASSERT(choice.value.type() == before.value.type() || (choice.value.is_number() && before.value.is_number()));
    RC_ASSERT(choice.origin == Origin::user || choice.origin == Origin::prior || choice.origin == Origin::measured);
    RC_ASSERT((before.origin == Origin::user) == (choice.origin == Origin::user));
    if (before.origin == Origin::user || choice.origin == Origin::prior) RC_ASSERT(choice.value == before.value);
  }
  RC_ASSERT(to_json(plan_from_json(to_json(outcome.plan))) == to_json(outcome.plan));
}

void expect_in_time(const SimulatedJob& job) {
  const double budget_s = job.budget_s.value_or(60);
  for (const auto& one : job.happened)
    if (one.result && one.spec.candidates.size() > 1) RC_ASSERT(one.began_s <= budget_s);
}

RC_GTEST_PROP(SearchProperty, EveryPlanIsSoundWithinItsMemoryAndItsTime, ()) {
  SimulatedJob job = random_job();
  if (!consistent(job)) return;
  const auto device = random_device(static_cast<double>(job.budget_bytes));
  const double budget = static_cast<double>(job.budget_bytes);
  const auto before = trial_settings_of(apply(job.config, job.prior()));
  const auto candidates = candidates_of(job, device.facts.train_samples);
  const auto fits = [&](TrialSettings settings, const BatchSplit& split, double share) {
    settings.micro_batch = split.micro_batch;
    return device.peak(settings, true) <= share * budget;
  };

  TuneOutcome outcome;
  try {
    outcome = job.tune(device);
  } catch (const UsageError& refusal) {
    RC_TAG("does not fit");
    RC_LOG() << refusal.what() << "\nneeds " << device.peak(before, true) << " at " << before.micro_batch << "\n";
    for (const auto& one : job.happened)
      if (one.result)
        RC_LOG() << one.why << ": " << to_string(one.result->outcome) << " " << one.result->peak_bytes << "\n";
    // The trial's small batches (1, 2, 4) need not be among the job's own, but are never larger than they.
    RC_ASSERT(!fits(before, candidates.front(), 0.999));
    return;
  }
  expect_sound(job, outcome);
  expect_in_time(job);
  const auto chosen = job.settings(outcome);
  RC_ASSERT(device.peak(chosen, true) <= budget * 1.000001);
  RC_ASSERT(outcome.measured_peak_bytes <= job.budget_bytes);
  if (effective_batch_is_open(job)) {
    const auto effective = apply(job.config, outcome.plan).train.effective_batch_size;
    // Four samples a rank may be more than the limit by themselves.
    const std::int64_t least = 4 * job.shape.world_size * job.config.train.gradient_accumulation_steps.value_or(8);
    const std::int64_t most = most_effective_batch(device.facts.train_samples);
    RC_LOG() << "micro-batch " << chosen.micro_batch << " x " << chosen.accumulation << " x " << job.shape.world_size
             << " of " << device.facts.train_samples << " samples, before " << before.micro_batch << " x "
             << before.accumulation << "\n";
    RC_ASSERT(effective <= std::max(most, least));
    // As many micro-batches as stay within the limit are more than half of it.
    if (!job.config.train.gradient_accumulation_steps) RC_ASSERT(effective >= 32 || 2 * *effective > most);
    RC_TAG("open effective batch");
  }
  const bool four_fits = std::any_of(candidates.begin(), candidates.end(), [&](const BatchSplit& one) {
    return one.micro_batch % 4 == 0 && fits(before, one, 0.999) && fits(chosen, one, 0.999);
  });
  if (four_fits && candidates.size() > 1) RC_ASSERT(chosen.micro_batch % 4 == 0);
  RC_CLASSIFY(chosen.micro_batch != before.micro_batch, "another batch");
  RC_CLASSIFY(chosen.precision != before.precision, "another precision");
}

RC_GTEST_PROP(SearchProperty, ThePredictionOfADeviceWithoutSurprisesIsRight, ()) {
  SimulatedJob job;
  auto device = random_device(static_cast<double>(job.budget_bytes));
  TuneOutcome outcome;
  try {
    outcome = job.tune(device);
  } catch (const UsageError&) {
    return;
  }
  if (outcome.predicted_peak_bytes == 0) return;  // only one batch could be measured
  const double measured = static_cast<double>(outcome.measured_peak_bytes);
  RC_ASSERT(std::abs(static_cast<double>(outcome.predicted_peak_bytes) - measured) <= 0.05 * measured);
}

RC_GTEST_PROP(SearchProperty, WithTimeAndWithoutNoiseThePaceIsNearTheBestThatFits, ()) {
  SimulatedJob job;
  job.budget_s = 1e6;
  job.config.train.effective_batch_size = 2 * any_of<std::int64_t>({64, 128, 256, 360, 512});
  auto device = random_device(static_cast<double>(job.budget_bytes));
  device.capacity = 1e18;  // batches side by side have room: what fits alone is known from the line
  device.noise = device.drift = 0;
  const auto pace = device.pace;
  device.pace = [pace](std::int64_t batch) { return std::min(pace(batch), 1.0); };  // larger ones are no slower
  TuneOutcome outcome;
  try {
    outcome = job.tune(device);
  } catch (const UsageError&) {
    return;
  }
  const auto chosen = job.settings(outcome);
  double best = 0;
  std::int64_t best_batch = 0;
  for (const auto& split : batch_candidates(job.config.train, job.shape.world_size)) {
    auto settings = chosen;
    settings.micro_batch = split.micro_batch;
    settings.accumulation = split.accumulation;
    auto before = settings;
    before.precision = Precision::fp32;  // the prior's, in which the memory was measured
    if (device.peak(settings, true) > static_cast<double>(job.budget_bytes) ||
        device.peak(before, true) > static_cast<double>(job.budget_bytes))
      continue;
    if (device.samples_per_s(settings) > best) best = device.samples_per_s(settings), best_batch = split.micro_batch;
  }
  RC_LOG() << chosen.micro_batch << ": " << device.samples_per_s(chosen) << ", best " << best_batch << ": " << best
           << "\n";
  RC_ASSERT(device.samples_per_s(chosen) >= 0.96 * best);
}

RC_GTEST_PROP(SearchProperty, FailuresAtAnyTrialsLeaveASoundPlan, ()) {
  SimulatedJob job = random_job();
  if (!consistent(job)) return;
  auto device = random_device(static_cast<double>(job.budget_bytes));
  for (int failures = between(1, 5); failures > 0; --failures)
    device.script[between(1, 15)] = any_of<TrialOutcome>(
        {TrialOutcome::crashed, TrialOutcome::hung, TrialOutcome::out_of_memory, TrialOutcome::interrupted});
  try {
    expect_sound(job, job.tune(device));
  } catch (const UsageError& error) {
    RC_ASSERT(std::string(error.what()).find("memory") != std::string::npos);
  }
  RC_ASSERT(job.happened.size() < 200u);
}

}  // namespace
}  // namespace tlaunch
