#include "trainer/step/guarded_step.h"

#include <utility>

#include "trainer/device/device.h"
#include "trainer/device/host_memory.h"
#include "trainer/memory/out_of_memory.h"

namespace tlaunch {

GuardedStep::GuardedStep(TrainStep& step, const Ranks& ranks, OomInjection* injection)
    : step_(step), ranks_(ranks), injection_(injection) {
  if (injection_) step_.inject([this](RunPhase phase) { injection_->at(phase); });
}

StepResult GuardedStep::run(const std::function<Batch()>& next_batch, double learning_rate) {
  if (injection_) injection_->begin_step();
  StepResult result;
  auto failed = std::exchange(owed_, std::nullopt);
  if (failed)
    step_.drop_gradients();
  else
    failed = gradients(next_batch, result.loss);
  if (failed) {
    result.loss.reset();
    free_memory();
    step_.data_parallel().poison();
  }
  result.shortage = vote(failed);
  if (result.shortage)
    step_.drop_gradients();
  else
    update(learning_rate);
  return result;
}

std::optional<RunPhase> GuardedStep::gradients(const std::function<Batch()>& next_batch, torch::Tensor& loss) {
  try {
    loss = step_.gradients(next_batch);
    return std::nullopt;
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    if (!is_out_of_memory(error)) throw;
    return step_.phase();
  }
}

std::optional<MemoryShortage> GuardedStep::vote(std::optional<RunPhase> failed) const {
  if (ranks_.size() == 1) return failed ? std::optional(MemoryShortage{0, *failed}) : std::nullopt;
  if (!ranks_.device().is_cuda() && !step_.some_gradient_begins_with_nan()) return std::nullopt;
  auto phases = torch::zeros({ranks_.size()}, torch::kLong);  // 0: all went well
  if (failed) phases[ranks_.rank()] = 1 + static_cast<std::int64_t>(*failed);
  ranks_.sum(phases);
  for (int rank = 0; rank < ranks_.size(); ++rank)
    if (const auto phase = phases[rank].item<std::int64_t>(); phase > 0)
      return MemoryShortage{rank, static_cast<RunPhase>(phase - 1)};
  return std::nullopt;
}

// Each stage allocates everything before it changes anything, so it can be repeated.
void GuardedStep::update(double learning_rate) {
  with_one_retry([&] { step_.unscale_gradients(); });
  with_one_retry([&] { step_.check_gradients(); });
  with_one_retry([&] { step_.clip_gradients(); });
  with_one_retry([&] {
    if (injection_) injection_->at(RunPhase::optimizer);
    step_.apply(learning_rate);
  });
}

void GuardedStep::with_one_retry(const std::function<void()>& stage) {
  try {
    return stage();
  } catch (const std::exception& error) {
    if (!is_out_of_memory(error)) throw;
  }
  owed_ = RunPhase::optimizer;
  free_memory();
  try {
    stage();
  } catch (const std::exception& error) {
    if (!is_out_of_memory(error)) throw;
    throw OutOfMemory(
        "out of memory in the update of the parameters, even after all caches were freed; use a smaller "
        "train.batch_size, a smaller model or train.optimizer=sgd with train.momentum=0");
  }
}

void GuardedStep::free_memory() {
  // A backward pass that failed leaves its pending work, and the memory that this holds, in this thread's queue of the
  // engine. The next successful pass empties the queue.
  (torch::zeros({1}, torch::TensorOptions().requires_grad(true)) * 1).backward();
  empty_cache(ranks_.device());
  trim_heap();
}

}  // namespace tlaunch
