// The ranks of a run as one c10d process group: NCCL for tensors on CUDA, Gloo for those on the CPU, over a TCPStore
// that rank 0 serves.
#pragma once

#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

#include <chrono>
#include <optional>
#include <string>

#include "trainer/ranks/context.h"

namespace tlaunch {

// How long a collective and the store wait for the other ranks before the process ends: c10d's 30 minutes for Gloo, or
// twice launch.hang_timeout_s where that is longer. The launcher's watch for hangs ends a run before, and says which
// rank stands where. Pure.
std::chrono::milliseconds collective_timeout(std::optional<double> hang_timeout_s);

// Registers the backend for tensors on `device`, a CUDA one with an index, and binds both group and backend to it: else
// a barrier would guess the device from the rank. (ProcessGroup::setBackend() gives a backend the group's own device,
// so that one comes first.)
void add_cuda_backend(c10d::ProcessGroup& group, const torch::Device& device, c10d::ProcessGroup::BackendType type,
                      const c10::intrusive_ptr<c10d::Backend>& backend);

class Ranks {
 public:
  // Blocks until all ranks are there. A single process makes no store and no backend.
  explicit Ranks(const WorkerContext& context, std::chrono::milliseconds timeout = collective_timeout({}));

  int rank() const { return rank_; }
  int size() const { return size_; }
  const torch::Device& device() const { return device_; }
  const c10::intrusive_ptr<c10d::ProcessGroup>& process_group() const { return group_; }

  // Collectives; each is called by all ranks in the same order, and does nothing (or copies) in a single process.
  void sum(torch::Tensor& tensor) const;                     // in place, over ranks; on CUDA of tensors there or here
  void broadcast(std::vector<torch::Tensor> tensors) const;  // from rank 0, in place
  std::vector<torch::Tensor> gather(const torch::Tensor&) const;  // one tensor a rank, equal shapes, on every rank
  // The last call of a rank that has done its work: waits for all of them, shuts the backends down, and lets rank 0,
  // which serves the store, leave last; it waits `limit` at most. A rank that failed leaves without it.
  void close(std::chrono::milliseconds limit = std::chrono::seconds(30)) const;

  // No collectives: a text that one rank leaves for the others, and a look for it that does not wait. More than one
  // rank.
  void tell(const std::string& key, const std::string& text) const;
  std::optional<std::string> told(const std::string& key) const;

 private:
  int rank_, size_;
  torch::Device device_;
  c10::intrusive_ptr<c10d::Store> store_;  // both null in a single process
  c10::intrusive_ptr<c10d::ProcessGroup> group_;
};

}  // namespace tlaunch
