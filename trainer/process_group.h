// The ranks of a run as one c10d process group: NCCL for tensors on CUDA, Gloo for those on the CPU, over a TCPStore
// that rank 0 serves.
#pragma once

#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

#include <optional>
#include <string>

#include "trainer/context.h"

namespace tlaunch {

class Group {
 public:
  // Blocks until all ranks are there. A single process makes no store and no backend.
  explicit Group(const WorkerContext& context);

  int rank() const { return rank_; }
  int size() const { return size_; }
  const torch::Device& device() const { return device_; }
  const c10::intrusive_ptr<c10d::ProcessGroup>& process_group() const { return group_; }

  // Collectives; each is called by all ranks in the same order, and does nothing (or copies) in a single process.
  void sum(torch::Tensor& tensor) const;                      // in place, over ranks; on CUDA of tensors there or here
  void broadcast(std::vector<torch::Tensor> tensors) const;   // from rank 0, in place
  std::vector<torch::Tensor> gather(const torch::Tensor&) const;  // one tensor a rank, equal shapes, on every rank
  void barrier() const;

  // No collectives: a text that one rank leaves for the others, and a look for it that does not wait. More than one
  // rank.
  void tell(const std::string& key, const std::string& text) const;
  std::optional<std::string> told(const std::string& key) const;

 private:
  int rank_, size_;
  torch::Device device_;
  c10::intrusive_ptr<c10d::Store> store_;         // both null in a single process
  c10::intrusive_ptr<c10d::ProcessGroup> group_;
};

}  // namespace tlaunch
