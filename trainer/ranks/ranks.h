// The ranks of a run as one c10d process group: NCCL for tensors on CUDA, Gloo for those on the CPU, over a TCPStore
// that rank 0 serves.
#pragma once

#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

#include <chrono>
#include <optional>
#include <string>

#include "trainer/ranks/context.h"

namespace tlaunch {

// The time that a collective and the store wait for the other ranks before the process ends: c10d's 30 minutes for
// Gloo, or twice launch.hang_timeout_s if that is longer. The launcher detects a hang earlier, ends the run and reports
// where each rank is. Pure.
std::chrono::milliseconds collective_timeout(std::optional<double> hang_timeout_s);

// Registers the backend for tensors on `device`, a CUDA one with an index, and binds both group and backend to it.
// Without that a barrier would guess the device from the rank. (The group is bound first, because
// ProcessGroup::setBackend() gives a backend the group's device.)
void add_cuda_backend(c10d::ProcessGroup& group, const torch::Device& device, c10d::ProcessGroup::BackendType type,
                      const c10::intrusive_ptr<c10d::Backend>& backend);

class Ranks {
 public:
  // Blocks until all ranks have joined. A single process makes no store and no backend.
  explicit Ranks(const WorkerContext& context, std::chrono::milliseconds timeout = collective_timeout({}));

  int rank() const { return rank_; }
  int size() const { return size_; }
  const torch::Device& device() const { return device_; }
  const c10::intrusive_ptr<c10d::ProcessGroup>& process_group() const { return group_; }

  // Collectives; each is called by all ranks in the same order, and does nothing (or copies) in a single process.
  void sum(torch::Tensor& tensor) const;                     // in place; tensors on the CPU, on CUDA also on the device
  void broadcast(std::vector<torch::Tensor> tensors) const;  // from rank 0, in place
  std::vector<torch::Tensor> gather(const torch::Tensor&) const;  // one tensor per rank, equal shapes, on every rank
  // The last call of a rank that has done its work: waits for all ranks and shuts the backends down. Rank 0, which
  // serves the store, leaves last, after waiting `limit` at most. A rank that failed ends without this call.
  void close(std::chrono::milliseconds limit = std::chrono::seconds(30)) const;

  // Not collectives: tell() leaves a text for the other ranks, told() looks for one without waiting. For more than one
  // rank only.
  void tell(const std::string& key, const std::string& text) const;
  std::optional<std::string> told(const std::string& key) const;

 private:
  int rank_, size_;
  torch::Device device_;
  c10::intrusive_ptr<c10d::Store> store_;  // both null in a single process
  c10::intrusive_ptr<c10d::ProcessGroup> group_;
};

}  // namespace tlaunch
