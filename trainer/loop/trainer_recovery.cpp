// Trainer's way on after memory ran out or a step was not finite.
#include <iostream>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
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
  const auto step = std::to_string(position_.step + 1), rank = std::to_string(shortage.rank);
  const auto next = stepped_down(split_);
  if (!next)
    throw OutOfMemory("rank " + rank + " ran out of memory (" + to_string(shortage.phase) + " of step " + step +
                      ") with a micro-batch of 1, which cannot be halved; gpu.mixed_precision=bf16, a smaller model, "
                      "fewer ranks on this machine or more memory help");
  split_ = *next;
  sampler_ = Sampler(setup_.dataset->size(Split::train), config_.seed, split_);
  step_.set_accumulation(split_.accumulation);
  config_.train.batch_size = split_.micro_batch;
  config_.train.gradient_accumulation_steps = split_.accumulation;
  if (ranks_.rank() != shortage.rank) return;
  context_.events.write(
      StepDownEvent{position_.step + 1, split_.micro_batch, split_.accumulation, to_string(shortage.phase)});
  if (!context_.events.connected())  // else the launcher says it
    std::cerr << "rank " << rank << " ran out of memory (" << to_string(shortage.phase) << " of step " << step
              << "): the step is done again with smaller micro-batches; to keep: set train.batch_size="
              << split_.micro_batch << " (gradient_accumulation_steps=" << split_.accumulation << ")" << std::endl;
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
  const char* done = action == std::string("again") ? "tried once more" : "left out";
  context_.events.write(ShortageEvent{position_.step, to_string(shortage.phase), action, batch,
                                      next ? next->micro_batch : split_.micro_batch});
  if (!context_.events.connected())  // else the launcher says it
    std::cerr << "rank " << shortage.rank << " ran out of memory (" << to_string(shortage.phase) << " after step "
              << position_.step << "): "
              << (batch > 0 ? "done again in batches of " + std::to_string(batch) : "the save is " + std::string(done))
              << std::endl;
}

// Waits for the device where it looks: on CUDA only at steps that are logged, whose loss is waited for anyway.
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
    throw Error(exit_code::failure, "the gradients of " + std::to_string(counts.in_a_row) +
                                        " steps in a row, up to step " + std::to_string(position_.step) +
                                        ", were not finite; " + nan_advice());
  return true;
}

void Trainer::roll_back() {
  const auto step = position_.step, rollbacks = position_.rollbacks + 1;
  if (rollbacks > most_rollbacks)
    throw Error(exit_code::failure, "the gradients of step " + std::to_string(step) + " were not finite, after " +
                                        std::to_string(most_rollbacks) + " rollbacks that halved the learning rate; " +
                                        nan_advice());
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

// As the run began: weights, optimizer, scaler, generator.
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
  std::string text;
  if (setup_.precision != Precision::fp32)
    text = "set gpu.mixed_precision=off (it is " + std::string(to_string(setup_.precision)) + "), ";
  return text + "lower train.learning_rate" +
         (config_.train.clip_grad_norm ? " or train.clip_grad_norm" : " or set train.clip_grad_norm");
}

}  // namespace tlaunch
