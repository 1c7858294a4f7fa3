#include "trainer/trial_candidate.h"

#include <algorithm>
#include <chrono>

#include "trainer/detect.h"
#include "trainer/device.h"
#include "trainer/evaluate.h"
#include "trainer/schedule.h"
#include "trainer/train_state.h"

namespace tlaunch {
namespace {

constexpr AugmentKey first_epoch{0, 0};

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

RunConfig with_settings(RunConfig config, const TrialSettings& settings) {
  config.train.batch_size = settings.micro_batch;
  config.train.gradient_accumulation_steps = settings.accumulation;
  config.gpu.mixed_precision = settings.precision;
  config.gpu.tf32 = settings.tf32;
  config.gpu.cudnn_benchmark = settings.cudnn_benchmark;
  config.gpu.channels_last = settings.channels_last;
  return config;
}

BatchSplit split_of(const TrialSettings& settings, const Group& group) {
  return {settings.micro_batch, settings.accumulation, group.size()};
}

}  // namespace

TrialCandidate::TrialCandidate(const RunConfig& config, const TrialSettings& settings, const Group& group,
                               std::shared_ptr<const Dataset> dataset)
    : config_(with_settings(config, settings)),
      group_(group),
      job_((apply_flags(config_), make_job(config_, group.device(), std::move(dataset)))),
      sampler_(job_.dataset->size(Split::train), config.seed, split_of(settings, group)),
      order_(sampler_.permutation(0)),
      length_(run_length(config_, sampler_.steps_per_epoch())),
      step_(config_, group, job_, {}),
      batch_(make_batch()) {}

Batch TrialCandidate::make_batch() const {
  return job_.dataset->collate(Split::train, sampler_.micro_batch(order_, 0, 0, group_.rank()), &first_epoch);
}

void TrialCandidate::one_step() {
  const ScheduleSpan span{length_.total_steps, length_.steps_per_epoch, warmup_steps(config_.train, length_.total_steps)};
  last_loss_ = step_.run([this] { return batch_; }, learning_rate_at(config_.train, span, figures_.steps));
  ++figures_.steps;
}

void TrialCandidate::read_loss() {
  auto loss = last_loss_.to(torch::kFloat64).reshape({1});
  group_.sum(loss);
  figures_.last_loss = loss.item<double>() / group_.size();
  if (figures_.steps == 1) figures_.first_loss = figures_.last_loss;
}

double TrialCandidate::step_time_s(std::int64_t steps) {
  apply_flags(config_);
  synchronize(job_.device);
  const auto start = Clock::now();
  for (std::int64_t i = 0; i < steps; ++i) one_step();
  synchronize(job_.device);
  const double step_time_s = seconds_since(start) / static_cast<double>(steps);
  read_loss();
  return step_time_s;
}

void TrialCandidate::touch_rest_of_run() {
  apply_flags(config_);
  (void)evaluate(job_, group_, config_, config_.train.batch_size.value() * group_.size());  // a batch a rank
  if (job_.dataset->session_tests()) (void)detect(job_, group_, config_.model.options);
  const auto tensors = saved_tensors(job_, step_, group_);
  if (group_.rank() == 0) TensorSnapshot(job_.device).take(tensors);
}

double TrialCandidate::make_batch_s() {
  double least_s = 0;
  for (int i = 0; i < 3; ++i) {
    const auto start = Clock::now();
    (void)make_batch();
    const double s = seconds_since(start);
    least_s = i == 0 ? s : std::min(least_s, s);
  }
  return least_s;
}

}  // namespace tlaunch
