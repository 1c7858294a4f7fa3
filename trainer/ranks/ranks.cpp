#include "trainer/ranks/ranks.h"

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <algorithm>

#include "trainer/ranks/nccl.h"
#include "worker/run_phase.h"

namespace tlaunch {
namespace {

constexpr std::chrono::minutes least_timeout{30};

std::string left_key(int rank) { return "tlaunch/left/" + std::to_string(rank); }

c10::intrusive_ptr<c10d::Store> make_store(const WorkerContext& context, std::chrono::milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.timeout = timeout;
  options.port = static_cast<std::uint16_t>(context.master_port);
  options.isServer = context.rank == 0;
  options.numWorkers = context.world_size;
  if (context.store_fd >= 0) options.masterListenFd = context.store_fd;
  return c10::make_intrusive<c10d::TCPStore>(context.master_addr, options);
}

c10::intrusive_ptr<c10d::Backend> make_gloo(const c10::intrusive_ptr<c10d::Store>& store, const WorkerContext& context,
                                            std::chrono::milliseconds timeout) {
  auto options = c10d::ProcessGroupGloo::Options::create(timeout);
  options->devices.push_back(context.master_addr == "127.0.0.1"
                                 ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                 : c10d::ProcessGroupGloo::createDefaultDevice());
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, context.rank, context.world_size, options);
}

}  // namespace

std::chrono::milliseconds collective_timeout(std::optional<double> hang_timeout_s) {
  const std::chrono::duration<double> twice(2 * hang_timeout_s.value_or(0));
  return std::max(std::chrono::milliseconds(least_timeout), std::chrono::ceil<std::chrono::milliseconds>(twice));
}

void add_cuda_backend(c10d::ProcessGroup& group, const torch::Device& device, c10d::ProcessGroup::BackendType type,
                      const c10::intrusive_ptr<c10d::Backend>& backend) {
  group.setBoundDeviceId(device);
  group.setDefaultBackend(type);
  group.setBackend(c10::DeviceType::CUDA, type, backend);
}

Ranks::Ranks(const WorkerContext& context, std::chrono::milliseconds timeout)
    : rank_(context.rank), size_(context.world_size), device_(context.device) {
  if (size_ == 1) return;
  const WaitsForOthers waits;
  store_ = make_store(context, timeout);
  group_ = c10::make_intrusive<c10d::ProcessGroup>(store_, rank_, size_);
  using Type = c10d::ProcessGroup::BackendType;
  // Gloo is needed on CUDA too, for decisions between the hosts that do not wait for the device.
  const auto gloo = make_gloo(c10::make_intrusive<c10d::PrefixStore>("host", store_), context, timeout);
  if (!device_.is_cuda())
    group_->setDefaultBackend(Type::GLOO);
  else if (context.cuda_over_gloo)
    add_cuda_backend(*group_, device_, Type::GLOO, gloo);
  else
    add_cuda_backend(*group_, device_, Type::NCCL, make_nccl(store_, rank_, size_, timeout));
  group_->setBackend(c10::DeviceType::CPU, Type::GLOO, gloo);
}

void Ranks::sum(torch::Tensor& tensor) const {
  if (size_ == 1) return;
  const WaitsForOthers waits;
  std::vector<torch::Tensor> tensors{tensor};
  group_->allreduce(tensors)->wait();
}

void Ranks::broadcast(std::vector<torch::Tensor> tensors) const {
  if (size_ == 1) return;
  const WaitsForOthers waits;
  for (auto& tensor : tensors) {
    std::vector<torch::Tensor> one{tensor};
    group_->broadcast(one)->wait();
  }
}

std::vector<torch::Tensor> Ranks::gather(const torch::Tensor& tensor) const {
  if (size_ == 1) return {tensor};
  const WaitsForOthers waits;
  std::vector<torch::Tensor> inputs{tensor};
  std::vector<std::vector<torch::Tensor>> outputs(1);
  for (int r = 0; r < size_; ++r) outputs[0].push_back(torch::empty_like(inputs[0]));
  group_->allgather(outputs, inputs)->wait();
  return outputs[0];
}

void Ranks::tell(const std::string& key, const std::string& text) const {
  store_->set(key, std::vector<std::uint8_t>(text.begin(), text.end()));
}

std::optional<std::string> Ranks::told(const std::string& key) const {
  if (!store_->check({key})) return std::nullopt;
  const auto bytes = store_->get(key);
  return std::string(bytes.begin(), bytes.end());
}

void Ranks::close(std::chrono::milliseconds limit) const {
  if (size_ == 1) return;
  const WaitsForOthers waits;
  auto token = torch::zeros({1});  // on the CPU, so Gloo sums it
  sum(token);
  try {
    group_->shutdown();
  } catch (const std::exception&) {  // see below
  }
  try {
    if (rank_ != 0) return tell(left_key(rank_), "left");
    std::vector<std::string> others;
    for (int rank = 1; rank < size_; ++rank) others.push_back(left_key(rank));
    store_->wait(others, limit);
  } catch (const std::exception&) {
    // All work is done: another rank that hangs now, or is gone, must not change this rank's exit code.
  }
}

}  // namespace tlaunch
