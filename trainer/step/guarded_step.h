// An optimizer step that survives a lack of memory in any rank. The rank that runs out of memory in forward or backward
// drops what it holds and sends NaN in place of the gradients it still owes, so that no other rank waits for it; all
// ranks then agree that this step was not done, before any parameter has changed. Where it runs out in the update, it
// tries once more, and asks for the smaller micro-batch in place of its next step.
//
// Buffers that the forward pass writes (BatchNorm's running statistics) and the generator of dropout are not taken
// back.
//
// What agreeing costs: on the CPU a look at the first element of each gradient, and an all-reduce only where one is
// NaN; on CUDA, where a look would wait for the device, a host-side all-reduce each step. Nothing in a single process.
#pragma once

#include <functional>
#include <optional>

#include "trainer/memory/oom_injection.h"
#include "trainer/step/train_step.h"
#include "worker/step_down.h"

namespace tlaunch {

struct StepResult {
  torch::Tensor loss;  // as TrainStep's
  // Agreed by all ranks: the step was not done, and should be done again with a smaller micro-batch.
  std::optional<MemoryShortage> shortage;
};

class GuardedStep {
 public:
  // `injection` may be null; it lives longer.
  GuardedStep(TrainStep& step, const Ranks& ranks, OomInjection* injection);
  GuardedStep(const GuardedStep&) = delete;
  GuardedStep& operator=(const GuardedStep&) = delete;

  // As TrainStep::run(). Throws OutOfMemory where the update, or the exchange of gradients, found no memory at all.
  StepResult run(const std::function<Batch()>& next_batch, double learning_rate);

 private:
  std::optional<RunPhase> gradients(const std::function<Batch()>& next_batch, torch::Tensor& loss);
  std::optional<MemoryShortage> vote(std::optional<RunPhase> failed) const;
  void update(double learning_rate);
  void with_one_retry(const std::function<void()>& stage);
  void free_memory();

  TrainStep& step_;
  const Ranks& ranks_;
  OomInjection* injection_;
  std::optional<RunPhase> owed_;  // ran out of memory in the last update
};

}  // namespace tlaunch
