// Data-parallel gradients on c10d::Reducer, the class under Python's DistributedDataParallel: buckets, all-reduce
// overlapped with backward, no-sync accumulation. In a single process it does nothing.
#pragma once

#include <torch/csrc/distributed/c10d/reducer.hpp>

#include <memory>
#include <vector>

#include "trainer/optimizer.h"
#include "trainer/process_group.h"

namespace tlaunch {

// Indices of the parameters of each bucket, in the order of reduction.
using BucketAssignment = std::vector<std::vector<std::size_t>>;

class DataParallel {
 public:
  // `buckets`: a former run's assignment, empty for a new run. The sum of three or more ranks depends in its last bits
  // on where a gradient lies in its bucket, so an exact resume needs the same assignment.
  DataParallel(const Group& group, const std::vector<NamedParameter>& parameters, const BucketAssignment& buckets);

  // Around each micro-batch: before_forward(sync); loss from outputs; before_backward(sync, outputs); backward.
  // `sync`: this micro-batch is the last of its step, its backward reduces what has been accumulated.
  void before_forward(bool sync);
  void before_backward(bool sync, const torch::Tensor& outputs);

  // The assignment that the next step will use. All ranks must call it between steps. Empty in a single process.
  BucketAssignment buckets();

 private:
  std::vector<torch::Tensor> parameters_;
  std::unique_ptr<c10d::Reducer> reducer_;
};

}  // namespace tlaunch
