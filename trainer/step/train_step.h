// One optimizer step: forward and backward over its micro-batches, reduction over ranks, clipping, update.
#pragma once

#include <functional>

#include "trainer/device/precision.h"
#include "trainer/ranks/ddp.h"
#include "trainer/setup/training_setup.h"
#include "trainer/step/nan_guard.h"
#include "worker/step_down.h"

namespace tlaunch {

class TrainStep {
 public:
  TrainStep(const RunConfig& config, const Ranks& ranks, TrainingSetup& setup, const BucketAssignment& buckets);

  // Takes gradient_accumulation_steps batches from `next_batch`. Returns the mean loss over this rank's samples, on the
  // device and without waiting for it.
  torch::Tensor run(const std::function<Batch()>& next_batch, double learning_rate);

  // The parts of run(), in order. If gradients() throws, it has changed nothing but the gradients; the later parts then
  // have not even changed those. So each part can be repeated by itself.
  torch::Tensor gradients(const std::function<Batch()>& next_batch);
  void unscale_gradients();  // does nothing without a scaler
  void check_gradients();
  void clip_gradients();
  void apply(double learning_rate);

  RunPhase phase() const { return phase_; }  // where gradients() is, or threw
  void drop_gradients();
  bool some_gradient_begins_with_nan() const;  // for the CPU only, where it need not wait
  void set_accumulation(std::int64_t micro_batches) { accumulation_ = micro_batches; }
  void inject(std::function<void(RunPhase)> fault);  // for tests: called in the middle of forward and backward

  Optimizer& optimizer() { return *optimizer_; }
  GradScaler& scaler() { return scaler_; }
  NanGuard& nan_guard() { return nan_guard_; }
  DataParallel& data_parallel() { return data_parallel_; }
  BucketAssignment buckets() { return data_parallel_.buckets(); }

 private:
  torch::Tensor micro_step(const std::function<Batch()>& next_batch, bool sync);
  std::vector<torch::Tensor> gradient_list() const;

  TrainingSetup& setup_;
  std::int64_t accumulation_;
  std::optional<double> clip_grad_norm_;
  std::vector<NamedParameter> parameters_;
  DataParallel data_parallel_;
  std::unique_ptr<Optimizer> optimizer_;
  GradScaler scaler_;
  NanGuard nan_guard_;
  RunPhase phase_ = RunPhase::forward;
  std::function<void(RunPhase)> fault_;
};

}  // namespace tlaunch
