// An optimizer step that survives a lack of memory on any rank. A rank that runs out of memory in forward or backward
// frees its memory and sends NaN for the gradients that it has not sent yet, so that no other rank waits for it. All
// ranks then agree, before any parameter has changed, that this step was not done. A rank that runs out of memory in
// the update retries it once, and asks for a smaller micro-batch in place of its next step.
//
// Buffers that the forward pass writes (BatchNorm's running statistics) and the generator of dropout are not restored.
//
// The cost of agreeing: on the CPU a read of the first element of each gradient, and an all-reduce only if one is NaN;
// on CUDA, where such a read would wait for the device, a host-side all-reduce per step. Nothing in a single process.
#pragma once

#include <functional>
#include <optional>

#include "trainer/memory/oom_injection.h"
#include "trainer/step/train_step.h"
#include "worker/step_down.h"

namespace tlaunch {

struct StepResult {
  torch::Tensor loss;  // as TrainStep's
  // Set on all ranks alike: the step was not done and should be repeated with a smaller micro-batch.
  std::optional<MemoryShortage> shortage;
};

class GuardedStep {
 public:
  // `injection` may be null; it must outlive this object.
  GuardedStep(TrainStep& step, const Ranks& ranks, OomInjection* injection);
  GuardedStep(const GuardedStep&) = delete;
  GuardedStep& operator=(const GuardedStep&) = delete;

  // As TrainStep::run(). Throws OutOfMemory if the update ran out of memory twice, or the exchange of gradients did.
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
  std::optional<RunPhase> owed_;  // set if memory ran out in the last update, for the next vote
};

}  // namespace tlaunch
