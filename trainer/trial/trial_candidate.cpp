#include "trainer/trial/trial_candidate.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "base/text.h"
#include "checkpoint/safetensors/safetensors.h"
#include "config/config_loader.h"
#include "trainer/device/device.h"
#include "trainer/device/timing.h"
#include "trainer/loop/detect.h"
#include "trainer/loop/evaluate.h"
#include "trainer/memory/out_of_memory.h"
#include "trainer/ranks/agree.h"
#include "trainer/setup/schedule.h"
#include "trainer/state/train_state.h"

namespace tlaunch {
namespace {

constexpr AugmentKey first_epoch{0, 0};

using Clock = std::chrono::steady_clock;

BatchSplit split_of(const TrialSettings& settings, const Ranks& ranks) {
  return {settings.micro_batch, settings.accumulation, ranks.size()};
}

}  // namespace

TrialCandidate::TrialCandidate(const RunConfig& config, const TrialSettings& settings, const Ranks& ranks,
                               std::shared_ptr<const Dataset> dataset)
    : config_(with_trial_settings(config, settings)),
      ranks_(ranks),
      setup_((apply_flags(config_), make_training_setup(config_, ranks.device(), std::move(dataset)))),
      sampler_(setup_.dataset->size(Split::train), config.seed, split_of(settings, ranks)),
      order_(sampler_.permutation(0)),
      length_(run_length(config_, sampler_.steps_per_epoch())),
      step_(config_, ranks, setup_, {}),
      guarded_step_(step_, ranks, /*injection=*/nullptr),
      batch_(make_batch()) {
  if (pins_batches(config_.data, setup_.device)) batch_ = {batch_.input.pin_memory(), batch_.target.pin_memory()};
}

// A batch of the first epoch, which is repeated without end.
Batch TrialCandidate::make_batch(std::int64_t micro_step) const {
  const auto accumulation = config_.train.gradient_accumulation_steps.value();
  const auto indices = sampler_.micro_batch(order_, micro_step / accumulation % sampler_.steps_per_epoch(),
                                            micro_step % accumulation, ranks_.rank());
  return setup_.dataset->collate(Split::train, indices, &first_epoch);
}

void TrialCandidate::load() {
  loader_ = std::make_unique<Loader>([this](std::int64_t i) { return make_batch(i); },
                                     std::numeric_limits<std::int64_t>::max(), config_.data.num_workers.value(),
                                     config_.data.prefetch_factor.value(), pins_batches(config_.data, setup_.device));
}

Batch TrialCandidate::next_batch() {
  if (!loader_) return batch_;
  if (wait_for_device_) synchronize(setup_.device);
  const auto start = Clock::now();
  auto batch = loader_->next();
  waited_s_ += seconds_since(start);
  return batch;
}

void TrialCandidate::one_step() {
  const ScheduleSpan span{length_.total_steps, length_.steps_per_epoch,
                          warmup_steps(config_.train, length_.total_steps)};
  const auto result =
      guarded_step_.run([this] { return next_batch(); }, learning_rate_at(config_.train, span, figures_.steps));
  if (result.shortage)
    throw OutOfMemory(
        format_text("rank {} ran out of memory ({})", result.shortage->rank, to_string(result.shortage->phase)));
  last_loss_ = result.loss;
  ++figures_.steps;
}

void TrialCandidate::read_loss() {
  auto loss = last_loss_.to(torch::kFloat64).reshape({1});
  ranks_.sum(loss);
  figures_.last_loss = loss.item<double>() / ranks_.size();
  if (figures_.steps == 1) figures_.first_loss = figures_.last_loss;
}

double TrialCandidate::step_time_s(std::int64_t steps) {
  apply_flags(config_);
  synchronize(setup_.device);
  waited_s_ = 0;
  const auto start = Clock::now();
  for (std::int64_t i = 0; i < steps; ++i) one_step();
  synchronize(setup_.device);
  const double all_s = seconds_since(start);
  wait_share_ = all_s > 0 ? waited_s_ / all_s : 0;
  read_loss();
  return all_s / static_cast<double>(steps);
}

RestOfRun TrialCandidate::touch_rest_of_run(double evaluation_s) {
  apply_flags(config_);
  RestOfRun rest;
  HalvingBatch evaluation(RunPhase::evaluation), detection(RunPhase::detection);
  const auto one_batch_per_rank = config_.train.batch_size.value() * ranks_.size();
  (void)evaluate(setup_, ranks_, config_, evaluation, one_batch_per_rank);
  if (evaluation_s > 0) time_evaluation(evaluation, evaluation_s, rest);
  if (setup_.dataset->session_tests()) {
    const auto start = Clock::now();
    (void)detect(setup_, ranks_, config_.model.options, detection);
    rest.detection_s = seconds_since(start);
  }
  TensorSnapshot snapshot(setup_.device);
  rest.copy_s = least_seconds(2, [&] {  // the first one allocates the memory
    const auto tensors = saved_tensors(setup_, step_, ranks_);
    if (ranks_.rank() == 0) snapshot.take(tensors);
    snapshot.wait();  // until then the copies of a device are only under way
  });
  Position position;
  position.step = figures_.steps;
  position.metrics["val_loss"] = 0.123456789;
  const RunIdentity identity{config_.seed,
                             setup_.dataset->size(Split::train),
                             config_.train.effective_batch_size.value_or(1),
                             length_.steps_per_epoch,
                             ranks_.size(),
                             kind_of(ranks_.device()),
                             resume_settings(config_)};
  const auto metadata = metadata_of(save_point(step_, position, identity));
  if (ranks_.rank() == 0) rest.save_bytes = safetensors_size(snapshot.views(), metadata);
  return rest;
}

// Times an evaluation of one batch per rank, and one of as many samples as the time allows, and fits a line to the two.
void TrialCandidate::time_evaluation(HalvingBatch& batch, double evaluation_s, RestOfRun& rest) {
  const auto all = setup_.dataset->size(Split::val);
  const auto few = std::min(all, config_.train.batch_size.value() * ranks_.size());
  if (few <= 0) return;
  double few_s = std::numeric_limits<double>::max();
  for (int i = 0; i < 2; ++i) few_s = std::min(few_s, evaluate(setup_, ranks_, config_, batch, few).seconds);
  const double times =
      std::clamp(evaluation_s / std::max(few_s, 1e-6), 2.0, static_cast<double>(all) / static_cast<double>(few) + 1);
  const auto many = std::min(all, agree(ranks_, static_cast<std::int64_t>(times * static_cast<double>(few))));
  const double many_s = many > few ? evaluate(setup_, ranks_, config_, batch, many).seconds : few_s;
  const double more = static_cast<double>(std::max<std::int64_t>(1, many - few));
  rest.evaluation_sample_s = many > few ? std::max(0.0, (many_s - few_s) / more) : few_s / static_cast<double>(few);
  rest.evaluation_fixed_s = std::max(0.0, many_s - rest.evaluation_sample_s * static_cast<double>(many));
}

double TrialCandidate::make_batch_s() {
  return least_seconds(3, [&] { (void)make_batch(); });
}

}  // namespace tlaunch
