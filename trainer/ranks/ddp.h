// Data-parallel gradients on c10d::Reducer, the class under Python's DistributedDataParallel: buckets, all-reduce
// overlapped with backward, no-sync accumulation. In a single process it does nothing.
#pragma once

#include <torch/csrc/autograd/variable.h>
#include <torch/csrc/distributed/c10d/reducer.hpp>

#include <memory>
#include <vector>

#include "trainer/ranks/ranks.h"
#include "trainer/setup/optimizer.h"

namespace tlaunch {

// Indices of the parameters of each bucket, in the order of reduction.
using BucketAssignment = std::vector<std::vector<std::size_t>>;

class DataParallel {
 public:
  // `buckets`: the assignment of an earlier run, empty for a new run. The last bits of a sum over three or more ranks
  // depend on the gradient's place in its bucket, so an exact resume needs the same assignment.
  DataParallel(const Ranks& ranks, const std::vector<NamedParameter>& parameters, const BucketAssignment& buckets);

  // Around each micro-batch: before_forward(sync); loss from outputs; before_backward(sync, outputs); backward.
  // `sync`: this micro-batch is the last of its step, and its backward pass reduces the accumulated gradients.
  void before_forward(bool sync);
  void before_backward(bool sync, const torch::Tensor& outputs);

  // For a rank that cannot do its part of a step while the others wait for its gradients. Call begin_step() at the
  // start of each step. poison() completes the reduction, however much of the step is done: every gradient of this rank
  // that is not in it yet becomes NaN, and so does the reduced one on every rank. Throws OutOfMemory if all gradients
  // are in it already and the reduction itself has failed.
  void begin_step() { reducing_ = false; }
  void poison();

  // The assignment that the next step will use. All ranks must call it between steps. Empty in a single process.
  BucketAssignment buckets();

 private:
  void watch_reduction();

  std::vector<torch::Tensor> parameters_;
  std::unique_ptr<c10d::Reducer> reducer_;
  bool reducing_ = false;  // the Reducer counts gradients from here on
  // Whether a parameter's gradient has gone to the Reducer since then; the hooks that set it may outlive this object.
  std::shared_ptr<std::vector<bool>> reduced_ = std::make_shared<std::vector<bool>>();
  // These hold the hooks. They are shared pointers in LibTorch 2.11, intrusive ones in newer versions.
  std::vector<decltype(torch::autograd::impl::grad_accumulator(torch::Tensor()))> accumulators_;
};

}  // namespace tlaunch
