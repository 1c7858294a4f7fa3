#include "trainer/loop/trainer.h"

#include <cmath>
#include <iostream>

#include "base/clock.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/text.h"
#include "config/cadence.h"
#include "config/config_loader.h"
#include "contract/worker_env.h"
#include "trainer/device/device.h"
#include "trainer/loop/detect.h"
#include "trainer/loop/evaluate.h"
#include "trainer/memory/out_of_memory.h"
#include "trainer/ranks/agree.h"
#include "trainer/setup/schedule.h"

namespace tlaunch {
namespace {

constexpr std::int64_t least_timed_every = 50;   // timing a step of a device costs its overlap with the host
constexpr std::int64_t smoke_measured_step = 2;  // the first is slower than the rest

BatchSplit split_of(const RunConfig& config, int world_size) {
  return {config.train.batch_size.value(), config.train.gradient_accumulation_steps.value(), world_size};
}

TrainingSetup loaded_setup(const WorkerContext& context, const RunConfig& config, std::string& weights_note) {
  auto setup = make_training_setup(config, context.device, make_dataset(config.data, config.model.options));
  if (context.resume_path.empty()) weights_note = load_first_weights(config, setup);  // else the checkpoint has them
  return setup;
}

RunLength session_length(const RunConfig& config, const std::optional<SmokePlan>& smoke, std::int64_t steps_per_epoch) {
  return run_length(config, smoke && smoke->steps_per_epoch ? *smoke->steps_per_epoch : steps_per_epoch);
}

std::vector<std::string> metric_names(const std::vector<std::string>& extra) {
  std::vector<std::string> names{"val_loss", "val_accuracy"};
  names.insert(names.end(), extra.begin(), extra.end());
  return names;
}

std::string past_end_note(std::int64_t step, std::int64_t end) {
  return format_text(
      "the run is past its end already: it is at step {}, and the config ends it at step {}; nothing is trained or "
      "saved. To train more, set a larger train.epochs, train.max_steps or train.kimg",
      step, end);
}

StopAgreement stop_agreement(const Ranks& ranks) {
  RankNotes notes{[&ranks](const std::string& key, const std::string& text) { ranks.tell(key, text); },
                  [&ranks](const std::string& key) { return ranks.told(key); }};
  return {ranks.rank(), ranks.size(), std::move(notes), [&ranks] { synchronize(ranks.device()); }};
}

}  // namespace

Trainer::Trainer(const WorkerContext& context, const RunConfig& config, const Ranks& ranks,
                 const std::vector<std::string>& extra_metrics, double expected_samples_per_s)
    : context_(context),
      config_(config),
      ranks_(ranks),
      expected_samples_per_s_(expected_samples_per_s),
      setup_(loaded_setup(context, config, weights_note_)),
      data_(data_identity(*setup_.dataset)),
      split_(split_of(config, ranks.size())),
      sampler_(setup_.dataset->size(Split::train), config.seed, split_),
      full_(run_length(config, sampler_.steps_per_epoch())),
      smoke_(smoke_plan_from(context.smoke)),
      saved_(context.resume_path.empty() ? std::nullopt
                                         : std::optional<SavedState>(std::in_place, context.resume_path)),
      step_(config, ranks, setup_, saved_ ? saved_->buckets() : BucketAssignment{}),
      injection_(oom_injection_from(environment_value(env::inject_oom).value_or(""), ranks.rank())),
      guarded_step_(step_, ranks, injection()),
      evaluation_batch_(RunPhase::evaluation, teller(), injection()),
      detection_batch_(RunPhase::detection, teller(), injection()),
      recorder_(context, config.log, metric_names(extra_metrics)),
      saver_(context, config.checkpoint, ranks, recorder_),
      stop_(stop_agreement(ranks)),
      gpu_monitor_(device_uuid(context.device)) {
  length_ = session_length(config, smoke_, sampler_.steps_per_epoch());
  seed_generator();
  if (!saved_) return;
  saved_->check(identity());
  saved_->restore(setup_, step_, ranks.rank());
  position_ = saved_->position();
}

OomInjection* Trainer::injection() { return injection_ ? &*injection_ : nullptr; }

HalvingBatch::Told Trainer::teller() {
  return [this](const MemoryShortage& shortage, std::int64_t batch) { tell_shortage(shortage, "halved", batch); };
}

// Each rank gets its own stream of random numbers (for dropout), whatever the model's construction has drawn.
void Trainer::seed_generator() const {
  torch::manual_seed(static_cast<std::uint64_t>(config_.seed + 1000003 * (ranks_.rank() + 1)));
}

RunIdentity Trainer::identity() const {
  return {config_.seed,  setup_.dataset->size(Split::train), split_.effective(),       length_.steps_per_epoch,
          ranks_.size(), kind_of(context_.device),           resume_settings(config_), data_};
}

std::int64_t Trainer::stop_step() const {
  if (smoke_ && smoke_->stop_step) return *smoke_->stop_step;
  if (smoke_ && smoke_->epochs) return *smoke_->epochs * length_.steps_per_epoch;
  return full_.total_steps;
}

bool Trainer::stops_early() const { return position_.early_stopping.stops(config_.train.early_stopping_patience); }

bool Trainer::finished() const { return stops_early() || position_.step >= stop_step(); }

bool Trainer::past_end() const { return position_.step > stop_step(); }

// The number of sessions that the detection at the end still has to check.
std::int64_t Trainer::detection_sessions() const {
  const auto* tests = setup_.dataset->session_tests();
  if (!tests || smoke_ || past_end() || position_.detected_step == stop_step()) return 0;
  return static_cast<std::int64_t>(tests->normal.size() + tests->abnormal.size());
}

StartEvent Trainer::start_facts() const {
  StartEvent facts;
  facts.pid = getpid();
  facts.world_size = ranks_.size();
  facts.device = context_.device.str();
  facts.train_samples = setup_.dataset->size(Split::train);
  facts.val_samples = setup_.dataset->size(Split::val);
  facts.effective_batch_size = split_.effective();
  facts.steps_per_epoch = full_.steps_per_epoch;
  facts.total_steps = full_.total_steps;
  facts.start_step = position_.step;
  facts.steps_per_evaluation = full_.steps_per_evaluation;
  facts.steps_per_checkpoint = full_.steps_per_checkpoint;
  facts.evaluation_due = position_.evaluation.due;
  facts.detection_sessions = detection_sessions();
  for (const auto& [name, tensor] : named_parameters(*setup_.model)) facts.parameters += tensor.numel();
  return facts;
}

void Trainer::start() {
  note_step(position_.step);
  saved_step_ = position_.step;
  if (!weights_note_.empty()) recorder_.event(WeightsEvent{weights_note_});
  if (saved_) {
    ResumeEvent resumed{context_.resume_path, position_.step, {}};
    const auto note = past_end() ? past_end_note(position_.step, stop_step())
                                 : saved_->generator_note(context_.device, ranks_.rank());
    if (!note.empty()) {
      resumed.note = note;
      if (!context_.events.connected()) std::cerr << "note: " << note << std::endl;  // else the launcher reports it
    }
    recorder_.event(resumed);
  }
  saved_.reset();  // unmaps the file
  StartEvent facts = start_facts();
  prepare_saving(facts);
  recorder_.open(position_.step);  // deletes the rows beyond that step: only now, when nothing can refuse this run
  recorder_.event(facts);
  reset_peak(context_.device);
  (void)take_phase_times();  // start-up does not count as training
  if (context_.device.is_cuda())
    time_steps_of_device([device = context_.device] { synchronize(device); },
                         std::max(least_timed_every, config_.log.log_interval.value()));
  if (environment_value(env::profile)) profiler_.emplace(context_, stop_step() - position_.step);
  last_save_s_ = monotonic_s();
  rate_.start(position_.step, last_save_s_);
}

bool Trainer::run() {
  start();
  if (position_.evaluation.due && !past_end()) {  // the stopped run left this evaluation and the save after it to us
    run_evaluation();
    if (!stopping_ && saves_at(position_.step)) save();
  }
  while (!finished() && !stopping_) {
    train_epoch();
    recover();
  }
  if (!stopping_) finish();
  if (stopping_) leave();
  return !stopping_;
}

void Trainer::train_epoch() {
  const auto epoch_now = epoch(), first = position_.step % length_.steps_per_epoch;
  const auto order = sampler_.permutation(epoch_now);
  const AugmentKey augment{config_.seed, epoch_now};
  Loader loader(
      [&](std::int64_t i) {
        const auto indices =
            sampler_.micro_batch(order, first + i / split_.accumulation, i % split_.accumulation, ranks_.rank());
        return setup_.dataset->collate(Split::train, indices, &augment);
      },
      (sampler_.steps_per_epoch() - first) * split_.accumulation, config_.data.num_workers.value(),
      config_.data.prefetch_factor.value(), pins_batches(config_.data, setup_.device));
  while (one_step(loader) && !finished() && !stopping_ && position_.step % length_.steps_per_epoch != 0) {
  }
}

bool Trainer::one_step(Loader& loader) {
  const ScheduleSpan span{full_.total_steps, full_.steps_per_epoch, warmup_steps(config_.train, full_.total_steps)};
  const double learning_rate = learning_rate_at(config_.train, span, position_.step) * learning_rate_factor(position_);
  note_step(position_.step + 1);
  const auto result = guarded_step_.run([&] { return loader.next(); }, learning_rate);
  note_phase(RunPhase::logging);
  shortage_ = result.shortage;
  if (shortage_) return false;
  ++position_.step;
  if (!look_for_nan()) return false;
  after_step(result.loss, learning_rate);
  return true;
}

bool Trainer::logs_at(std::int64_t step) const {
  return step == 1 || step % config_.log.log_interval.value() == 0 || finished();
}

void Trainer::after_step(const torch::Tensor& local_loss, double learning_rate) {
  const auto step = position_.step;
  if (profiler_) profiler_->after_step(step);
  if (smoke_ && smoke_->epochs && step == smoke_measured_step) shorten_epoch();
  if (logs_at(step)) log_step(local_loss, learning_rate);
  stopping_ = stop_.after_step() && !finished();
  if (context_.device.is_cuda() && step % config_.log.gpu_log_interval.value() == 0) log_gpu();
  const double pause_start_s = monotonic_s();
  rate_.after_step(step, pause_start_s);
  if (EvaluationSchedule::comes_after(step, length_.steps_per_evaluation)) run_evaluation();
  if (!stopping_ && !finished() && saves_at(step)) save();  // the last one comes after the last evaluation
  saver_.poll();
  if (step % length_.steps_per_epoch == 0) end_epoch();
  rate_.pause(monotonic_s() - pause_start_s);
}

void Trainer::log_step(const torch::Tensor& local_loss, double learning_rate) {
  auto sum = local_loss.to(torch::kFloat64).reshape({1});
  ranks_.sum(sum);
  const double loss = sum.item<double>() / ranks_.size();  // waits for the device
  const double now_s = monotonic_s();
  const auto interval = rate_.interval(position_.step, now_s);
  const double samples = static_cast<double>(interval.steps * split_.effective());
  recorder_.step(position_.step, epoch(), position_.step * split_.effective(),
                 {loss, learning_rate, samples / std::max(interval.seconds, 1e-9)});
  rate_.next_interval(position_.step, now_s);
  if (!std::isfinite(loss) && config_.train.on_nan == OnNan::stop)  // the loss is the same on all ranks, so all stop
    throw Error(exit_code::failure,
                format_text("the loss is not finite ({}) at step {}; {}", loss, position_.step, nan_advice()));
}

void Trainer::log_gpu() {
  const auto sample = gpu_monitor_.sample();
  if (!sample) return;
  context_.events.write(GpuEvent{position_.step, sample->name, sample->utilization_percent, sample->memory_used_bytes,
                                 sample->memory_total_bytes, sample->temperature_c, sample->power_w});
}

void Trainer::run_evaluation() {
  position_.evaluation.begin();
  if (stopping_) return;
  const PhaseScope phase(RunPhase::evaluation);
  const auto limit = smoke_ ? length_.steps_per_epoch * split_.effective() : 0;
  const auto result = evaluate(setup_, ranks_, config_, evaluation_batch_, limit);
  stopping_ = result.cut_short;
  if (stopping_) return;
  position_.evaluation.end(position_.step);
  position_.metrics = result.metrics;
  recorder_.evaluation({position_.step, epoch(), result.samples, result.seconds, result.metrics});
  position_.early_stopping.note(result.metrics.at("val_loss"));
}

bool Trainer::saves_at(std::int64_t step) {
  const auto& minutes = config_.checkpoint.every_minutes;
  if (!minutes) return step % length_.steps_per_checkpoint == 0;
  // Rank 0's clock decides. Only logged steps are considered, because there the ranks communicate anyway.
  return logs_at(step) && agree(ranks_, monotonic_s() - last_save_s_ >= 60 * *minutes) != 0;
}

bool Trainer::save() {
  const PhaseScope phase(RunPhase::save);
  last_save_s_ = monotonic_s();
  if (saver_.begin(position_.step, position_.metrics)) {
    const auto tensors = saved_tensors(setup_, step_, ranks_);
    auto point = save_point(step_, position_, identity());
    if (!copy_for_save(tensors)) return false;
    saver_.write(std::move(point));
  }
  saved_step_ = position_.step;
  return true;
}

std::int64_t Trainer::saves_left() const {
  const auto& minutes = config_.checkpoint.every_minutes;
  if (!minutes || expected_samples_per_s_ <= 0)
    return times_left(stop_step(), position_.step, length_.steps_per_checkpoint);
  const auto steps = stop_step() - position_.step;
  const double samples = static_cast<double>(steps * split_.effective());
  return times_left_by_clock(steps, samples / expected_samples_per_s_, *minutes);
}

// Measures the state as it will be saved, before any step can be lost.
void Trainer::prepare_saving(StartEvent& facts) {
  const auto left = std::max<std::int64_t>(0, stop_step() - position_.step);
  // Before the first backward pass, the ranks need not agree on the buckets in the metadata yet.
  const LogWork work{left / config_.log.log_interval.value(),
                     times_left(stop_step(), position_.step, length_.steps_per_evaluation), saves_left(),
                     (left + length_.steps_per_epoch - 1) / length_.steps_per_epoch, ranks_.size()};
  saver_.prepare(measured_tensors(setup_, step_, ranks_.size()), save_point(step_, position_, identity()), work,
                 environment_value(env::fit_disk).has_value(), facts);
}

// Reports where this rank's time went since the last report.
void Trainer::tell_phase_times() {
  const PhaseTimes times = take_phase_times();
  PhaseTimesEvent told{position_.step, times.steps, times.timed_steps, {}};
  for (std::size_t i = 0; i < run_phases; ++i)
    if (times.seconds[i] > 0) told.seconds[to_string(static_cast<RunPhase>(i))] = times.seconds[i];
  if (times.all_reduce_s > 0) told.seconds["all_reduce"] = times.all_reduce_s;
  context_.events.write(told);
}

void Trainer::end_epoch() {
  const auto peak = peak_bytes(context_.device);
  context_.events.write(MemoryEvent{epoch(), peak});
  recorder_.event(EpochEndEvent{epoch(), position_.step});
  run_peak_bytes_ = std::max(run_peak_bytes_, peak);
  tell_phase_times();
  reset_peak(context_.device);
  const auto every = config_.gpu.empty_cache_freq;
  if (every > 0 && epoch() % every == 0) empty_cache(context_.device);
}

void Trainer::shorten_epoch() {
  synchronize(context_.device);
  // Measured since the first step was logged, so it is the time of the second step alone.
  const auto interval = rate_.interval(position_.step, monotonic_s());
  const double step_time_s = interval.seconds / static_cast<double>(interval.steps);
  length_ = run_length(config_, agree(ranks_, smoke_steps(step_time_s, smoke_->epoch_budget_s, full_.steps_per_epoch)));
  if (length_.steps_per_epoch < full_.steps_per_epoch) recorder_.event(SmokeEvent{length_.steps_per_epoch});
}

void Trainer::finish() {
  note_phase(RunPhase::finish);
  synchronize(context_.device);
  const auto steady = rate_.steady(position_.step, monotonic_s());

  if (!past_end()) evaluate_and_save_at_end();
  if (stopping_) return;
  tell_phase_times();
  recorder_.finish();
  context_.events.write(PeakEvent{std::max(run_peak_bytes_, peak_bytes(context_.device))});
  context_.events.write(RankDoneEvent{});
  EndEvent told;
  told.stopped_early = stops_early();
  told.steps = position_.step;
  told.epochs = epoch();
  told.samples = position_.step * split_.effective();
  told.metrics = position_.metrics;
  told.train_wall_s = rate_.session_s(monotonic_s());
  told.steady_samples_per_s =
      steady.seconds > 0 ? static_cast<double>(steady.steps * split_.effective()) / steady.seconds : 0.0;
  recorder_.event(told);
}

void Trainer::evaluate_and_save_at_end() {
  if (!position_.evaluation.is_done(position_.step)) run_evaluation();
  if (stopping_) return;
  save_at_end();
  if (!setup_.dataset->session_tests() || smoke_ || position_.detected_step == position_.step) return;
  run_detection();
  if (stopping_) return;
  saved_step_ = -1;  // save again with the results, so that a resume of the finished run need not detect again
  save_at_end();
}

void Trainer::save_at_end() {
  if (saved_step_ != position_.step && !save())
    throw OutOfMemory(
        format_text("could not save the checkpoint at the end of the run, step {}: out of memory for its copies; "
                    "continue from the newest checkpoint (--resume auto) with a smaller train.batch_size or a larger "
                    "tune.margin",
                    position_.step));
  saver_.finish();
}

void Trainer::run_detection() {
  const PhaseScope phase(RunPhase::detection);
  const double start_s = monotonic_s();
  const auto detected = detect(setup_, ranks_, config_.model.options, detection_batch_);
  stopping_ = detected.empty();
  if (stopping_) return;
  const auto& tests = *setup_.dataset->session_tests();
  const auto sessions = static_cast<std::int64_t>(tests.normal.size() + tests.abnormal.size());
  recorder_.detection({position_.step, epoch(), sessions, monotonic_s() - start_s, detected});
  position_.metrics.insert(detected.begin(), detected.end());
  position_.detected_step = position_.step;
}

void Trainer::leave() {
  note_phase(RunPhase::finish);
  saver_.keep_newest();
  if (saved_step_ != position_.step && !save())
    throw OutOfMemory(
        format_text("asked to stop after step {}, but could not save a checkpoint: out of memory for its copies; "
                    "continue from the newest checkpoint (--resume auto)",
                    position_.step));
  saver_.finish();
  recorder_.finish();
  context_.events.write(PeakEvent{std::max(run_peak_bytes_, peak_bytes(context_.device))});
  context_.events.write(RankDoneEvent{});
  recorder_.event(StoppedEvent{position_.step, epoch(), position_.step * split_.effective(), stop_signal()});
}

}  // namespace tlaunch
