// How Trainer continues after memory ran out or a step was not finite.
#include <iostream>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "trainer/loop/trainer.h"
#include "trainer/memory/out_of_memory.h"

namespace tlaunch {
namespace {

constexpr std::int64_t most_skipped_in_a_row = 10;
constexpr std::int64_t most_rollbacks = 3;

}  // namespace

void Trainer::recover() {
  if (const auto shortage = std::exchange(shortage_, std::nullopt)) step_down(*shortage);
  if (std::exchange(must_roll_back_, false)) roll_back();
}

void Trainer::step_down(const MemoryShortage& shortage) {
  const std::int64_t step = position_.step + 1;
  const auto next = stepped_down(split_);
  if (!next)
    throw OutOfMemory(
        format_text("rank {} ran out of memory ({} of step {}) with a micro-batch of 1, which cannot be halved; use "
                    "gpu.mixed_precision=bf16, a smaller model, fewer ranks on this machine or more memory",
                    shortage.rank, to_string(shortage.phase), step));
  split_ = *next;
  sampler_ = Sampler(setup_.dataset->size(Split::train), config_.seed, split_);
  step_.set_accumulation(split_.accumulation);
  config_.train.batch_size = split_.micro_batch;
  config_.train.gradient_accumulation_steps = split_.accumulation;
  if (ranks_.rank() != shortage.rank) return;
  context_.events.write(StepDownEvent{step, split_.micro_batch, split_.accumulation, to_string(shortage.phase)});
  if (!context_.events.connected())  // else the launcher reports it
    std::cerr << format_text(
                     "rank {} ran out of memory ({} of step {}); the step is repeated with smaller micro-batches. To "
                     "start with them, set train.batch_size={} (gradient_accumulation_steps={})",
                     shortage.rank, to_string(shortage.phase), step, split_.micro_batch, split_.accumulation)
              << std::endl;
}

bool Trainer::copy_for_save(const NamedTensors& tensors) {
  for (const char* action : {"again", "skipped"}) {
    const auto shortage = try_with_agreement(ranks_, RunPhase::save, [&] {
      if (injection_) injection_->at(RunPhase::save);
      saver_.copy(tensors);
    });
    if (!shortage) return true;
    tell_shortage(*shortage, action, 0);
  }
  return false;
}

void Trainer::tell_shortage(const MemoryShortage& shortage, const char* action, std::int64_t batch) {
  if (ranks_.rank() != shortage.rank) return;
  const auto next = stepped_down(split_);
  context_.events.write(ShortageEvent{position_.step, to_string(shortage.phase), action, batch,
                                      next ? next->micro_batch : split_.micro_batch});
  if (context_.events.connected()) return;  // the launcher reports it
  const std::string reaction = batch > 0                        ? format_text("it is repeated in batches of {}", batch)
                               : action == std::string("again") ? "the save is tried again"
                                                                : "the save is skipped";
  std::cerr << format_text("rank {} ran out of memory ({} after step {}): {}", shortage.rank, to_string(shortage.phase),
                           position_.step, reaction)
            << std::endl;
}

// Reading the counts waits for the device. On CUDA it therefore happens only at logged steps, which wait for the loss
// anyway.
bool Trainer::look_for_nan() {
  if (config_.train.on_nan == OnNan::stop || (context_.device.is_cuda() && !logs_at(position_.step))) return true;
  const auto counts = step_.nan_guard().counts();
  if (counts.found == 0) return true;
  must_roll_back_ = config_.train.on_nan == OnNan::rollback;
  if (must_roll_back_) return false;
  NanEvent skipped;
  skipped.step = position_.step;
  skipped.action = "skip";
  skipped.count = counts.found;
  recorder_.event(skipped);
  if (counts.in_a_row >= most_skipped_in_a_row)
    throw Error(exit_code::failure,
                format_text("the gradients of {} steps in a row, up to step {}, were not finite; {}", counts.in_a_row,
                            position_.step, nan_advice()));
  return true;
}

void Trainer::roll_back() {
  const auto step = position_.step, rollbacks = position_.rollbacks + 1;
  if (rollbacks > most_rollbacks)
    throw Error(exit_code::failure,
                format_text("the gradients of step {} were not finite, even after {} rollbacks that each halved the "
                            "learning rate; {}",
                            step, most_rollbacks, nan_advice()));
  const auto newest = saver_.newest();
  if (newest.empty()) {
    restore_beginning();
    position_ = {};
  } else {
    const SavedState saved(newest);
    saved.check(identity());
    saved.restore(setup_, step_, ranks_.rank());
    position_ = saved.position();
  }
  position_.rollbacks = rollbacks;
  step_.nan_guard().forget_row();
  recorder_.open(position_.step);
  NanEvent back;
  back.step = step;
  back.action = "rollback";
  back.to_step = position_.step;
  back.path = newest;
  back.learning_rate_factor = learning_rate_factor(position_);
  recorder_.event(back);
  saved_step_ = position_.step;
  rate_.restart(position_.step, monotonic_s());
}

// Restores the state in which the run began: weights, optimizer, scaler, generator.
void Trainer::restore_beginning() {
  const torch::NoGradGuard no_grad;
  auto fresh = make_training_setup(config_, context_.device, setup_.dataset);
  load_first_weights(config_, fresh);
  const auto first = state_tensors(*fresh.model), now = state_tensors(*setup_.model);
  for (std::size_t i = 0; i < now.size(); ++i) torch::Tensor(now[i].second).copy_(first[i].second);
  for (auto& [name, tensor] : step_.optimizer().state()) tensor.zero_();
  step_.scaler().reset();
  seed_generator();
}

std::string Trainer::nan_advice() const {
  std::vector<std::string> advice;
  if (setup_.precision != Precision::fp32)
    advice.push_back(format_text("set gpu.mixed_precision=off (it is {})", to_string(setup_.precision)));
  advice.push_back("lower train.learning_rate");
  advice.push_back(config_.train.clip_grad_norm ? "lower train.clip_grad_norm" : "set train.clip_grad_norm");
  return either(advice);
}

}  // namespace tlaunch
