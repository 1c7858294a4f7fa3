#include "simulated_device.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tuning/prior.h"

namespace tlaunch::test {

double DeviceModel::peak(const TrialSettings& settings, bool whole_run) const {
  const double sample = per_sample * (settings.precision == Precision::fp32 ? 1 : half_memory);
  return idle + fixed + sample * static_cast<double>(settings.micro_batch) + (whole_run ? snapshot : 0) +
         beside_the_line(settings.micro_batch);
}

double DeviceModel::step_s(const TrialSettings& settings) const {
  const auto precision = precision_time.find(settings.precision);
  double mode = precision == precision_time.end() ? 1 : precision->second;
  if (settings.channels_last) mode *= channels_last_time;
  if (settings.cudnn_benchmark) mode *= cudnn_benchmark_time;
  if (settings.tf32 && settings.precision == Precision::fp32) mode *= tf32_time;
  const double batch = static_cast<double>(settings.micro_batch);
  return update_s + static_cast<double>(settings.accumulation) *
                        (overhead_s + mode * per_sample_s * batch * pace(settings.micro_batch));
}

double DeviceModel::samples_per_s(const TrialSettings& settings) const {
  return static_cast<double>(settings.micro_batch * settings.accumulation) / step_s(settings);
}

double SimulatedDevice::visit(const TrialSettings& settings, std::int64_t steps, CandidateFigures& figures) {
  const double wave = std::sin(2 * std::numbers::pi * clock_s_ / model_.drift_period_s);
  const double noise = model_.noise > 0 ? std::exp(std::normal_distribution<double>(0, model_.noise)(random_)) : 1;
  double step_s = model_.step_s(settings) * noise * (1 + model_.drift * wave);
  if (loading_) {
    const double waited_s = wait_s(settings, step_s);
    step_s =
        model_.threads_time(settings.threads) * (settings.pin_memory ? 1 : model_.pageable_time) * step_s + waited_s;
    wait_share_ = waited_s / step_s;
  }
  clock_s_ += step_s * static_cast<double>(steps);
  figures.steps += steps;
  figures.last_loss = model_.loss(settings, figures.steps);
  if (figures.steps == steps) figures.first_loss = figures.last_loss;
  return step_s;
}

double SimulatedDevice::wait_s(const TrialSettings& settings, double step_s) const {
  const double batches_s =
      model_.make_batch_s_per_sample * static_cast<double>(settings.micro_batch * settings.accumulation);
  if (settings.num_workers == 0) return batches_s;
  return std::max(batches_s / static_cast<double>(settings.num_workers) - step_s, 0.0) +
         model_.uneven_wait(settings.num_workers * settings.prefetch_factor) * step_s;
}

void SimulatedDevice::time_candidates(const TrialSpec& spec, TrialResult& result) {
  std::vector<double> warm;
  for (std::size_t i = 0; i < spec.candidates.size(); ++i) {
    visit(spec.candidates[i], 1, result.candidates[i]);
    warm.push_back(visit(spec.candidates[i], 1, result.candidates[i]));
  }
  const auto steps =
      std::clamp(static_cast<std::int64_t>(std::ceil(spec.visit_s / warm[0])), std::int64_t{1}, std::int64_t{100});
  result.abandoned = spec.abandon_ratio > 0 && warm.size() > 1 && warm[1] > 3 * warm[0];
  double sums[2] = {0, 0};
  for (std::int64_t round = 0; round < spec.rounds && !result.abandoned; ++round) {
    if (spec.abandon_ratio > 0 && warm.size() > 1 && round >= 4 && round % 2 == 0 &&
        sums[1] > spec.abandon_ratio * sums[0]) {
      result.abandoned = true;
      break;
    }
    for (std::size_t i = 0; i < spec.candidates.size(); ++i) {
      const std::size_t at = round % 2 == 1 ? spec.candidates.size() - 1 - i : i;
      const double s = visit(spec.candidates[at], steps, result.candidates[at]);
      result.candidates[at].step_times_s.push_back(s);
      if (loading_ && spec.candidates.size() == 1) result.candidates[at].wait_shares.push_back(wait_share_);
      if (at < 2) sums[at] += s;
    }
  }
}

std::optional<TrialOutcome> SimulatedDevice::failure_of(const TrialSpec& spec) {
  if (const auto scripted = model_.script.find(trials_); scripted != model_.script.end()) return scripted->second;
  for (const auto& settings : spec.candidates)
    if (const auto outcome = model_.broken(settings)) return outcome;
  double together = model_.idle,
         largest = 0;  // the models are side by side; a step's memory is freed before the next step
  for (const auto& settings : spec.candidates) {
    together += model_.fixed + (spec.whole_run ? model_.snapshot : 0);
    largest = std::max(largest, model_.peak(settings, false) - model_.idle - model_.fixed);
  }
  if (together + largest > model_.capacity) return TrialOutcome::out_of_memory;
  return std::nullopt;
}

TrialResult SimulatedDevice::run(const TrialSpec& spec) {
  const double began_s = clock_s_;
  ++trials_;
  if (!alive_ || spec.fresh) clock_s_ += model_.start_s;
  alive_ = true;
  clock_s_ += model_.trial_s;
  TrialResult result;
  result.id = spec.id;
  if (const auto failure = failure_of(spec)) {
    if (*failure == TrialOutcome::hung) clock_s_ += model_.hang_s;
    result.outcome = *failure;
    result.message = *failure == TrialOutcome::crashed ? "the simulated fault" : "";
    result.seconds = clock_s_ - began_s;
    alive_ = false;
    return result;
  }
  result.candidates.resize(spec.candidates.size());
  loading_ = spec.with_loader;
  time_candidates(spec, result);
  clock_s_ += spec.evaluation_s + (spec.whole_run ? model_.whole_run_s : 0);
  result.peak_bytes = static_cast<std::uint64_t>(model_.peak(spec.candidates.front(), spec.whole_run));
  result.idle_bytes = static_cast<std::uint64_t>(model_.idle);
  result.make_batch_s = model_.make_batch_s_per_sample * static_cast<double>(spec.candidates.front().micro_batch);
  result.log_cost_s = model_.log_cost_s;
  result.gpu_log_cost_s = model_.gpu_log_cost_s;
  result.save_copy_s = spec.whole_run ? model_.save_copy_s : 0;
  result.save_bytes = spec.whole_run ? model_.save_bytes : 0;
  result.facts = model_.facts;
  result.start_s = model_.start_s;
  result.seconds = clock_s_ - began_s;
  return result;
}

GpuInfo simulated_gpu(const std::string& name, double memory_gb, int major, int minor) {
  GpuInfo gpu;
  gpu.name = name;
  gpu.memory_total_bytes = gpu.memory_free_bytes = static_cast<std::uint64_t>(memory_gb * 1e9);
  gpu.capability_major = major;
  gpu.capability_minor = minor;
  gpu.tier = gpu_tier(name, gpu.memory_total_bytes, major);
  return gpu;
}

SimulatedJob::SimulatedJob() : shape{"image", false, 2} {
  config.train.epochs = 10;
  config.checkpoint.every_n_epochs = 1;
  hardware.cpu.allowed_cores = 2;
  hardware.cpu.features = {"avx2", "avx512f", "avx512_bf16"};
}

Plan SimulatedJob::prior() const {
  Plan plan = prior_plan(config, hardware, shape);
  for (Choice& choice : plan.choices)
    if (const auto other = other_prior.find(choice.key); other != other_prior.end()) choice.value = other->second;
  return plan;
}

TuneOutcome SimulatedJob::tune(const DeviceModel& model) {
  happened.clear();
  SimulatedDevice device(model);
  TuneCallbacks callbacks;
  callbacks.on_trial = [&](const TrialSpec& spec, const TrialResult& result, const std::string& why) {
    happened.push_back({result, spec, why, device.elapsed_s() - result.seconds, device.elapsed_s(), 0, 0});
  };
  callbacks.on_prediction = [&](std::int64_t batch, std::uint64_t bytes) {
    happened.push_back({std::nullopt, {}, "", device.elapsed_s(), device.elapsed_s(), batch, bytes});
  };
  const TuneInput input{config, hardware, shape, prior(), budget_bytes, budget_s, thorough};
  return tlaunch::tune(input, device, callbacks);
}

const Choice& SimulatedJob::choice(const TuneOutcome& outcome, const std::string& key) const {
  const Choice* found = outcome.plan.find(key);
  if (!found) throw std::logic_error("the plan has no " + key);
  return *found;
}

Json SimulatedJob::value(const TuneOutcome& outcome, const std::string& key) const {
  return choice(outcome, key).value;
}

TrialSettings SimulatedJob::settings(const TuneOutcome& outcome) const {
  return trial_settings_of(apply(config, outcome.plan));
}

int SimulatedJob::count(TrialOutcome outcome) const {
  return static_cast<int>(std::count_if(happened.begin(), happened.end(), [&](const Happened& one) {
    return one.result && one.result->outcome == outcome;
  }));
}

}  // namespace tlaunch::test
