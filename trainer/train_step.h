// One optimizer step: forward and backward over its micro-batches, reduction over ranks, clipping, update.
#pragma once

#include <functional>

#include "trainer/ddp.h"
#include "trainer/job.h"
#include "trainer/precision.h"

namespace tlaunch {

class TrainStep {
 public:
  TrainStep(const RunConfig& config, const Group& group, Job& job, const BucketAssignment& buckets);

  // Takes gradient_accumulation_steps batches from `next_batch`. Returns the mean loss over this rank's samples, on the
  // device and not waited for.
  torch::Tensor run(const std::function<Batch()>& next_batch, double learning_rate);

  Optimizer& optimizer() { return *optimizer_; }
  GradScaler& scaler() { return scaler_; }
  BucketAssignment buckets() { return data_parallel_.buckets(); }

 private:
  torch::Tensor micro_step(const Batch& batch, bool sync);
  void update(double learning_rate);

  Job& job_;
  std::int64_t accumulation_;
  std::optional<double> clip_grad_norm_;
  std::vector<NamedParameter> parameters_;
  DataParallel data_parallel_;
  std::unique_ptr<Optimizer> optimizer_;
  GradScaler scaler_;
};

}  // namespace tlaunch
