#include "trainer/process_group.h"

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "trainer/nccl.h"
#include "trainer/run_phase.h"

namespace tlaunch {
namespace {

c10::intrusive_ptr<c10d::Store> make_store(const WorkerContext& context) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(context.master_port);
  options.isServer = context.rank == 0;
  options.numWorkers = context.world_size;
  if (context.store_fd >= 0) options.masterListenFd = context.store_fd;
  return c10::make_intrusive<c10d::TCPStore>(context.master_addr, options);
}

c10::intrusive_ptr<c10d::Backend> make_gloo(const c10::intrusive_ptr<c10d::Store>& store,
                                            const WorkerContext& context) {
  auto options = c10d::ProcessGroupGloo::Options::create();
  options->devices.push_back(context.master_addr == "127.0.0.1"
                                 ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                 : c10d::ProcessGroupGloo::createDefaultDevice());
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, context.rank, context.world_size, options);
}

}  // namespace

Group::Group(const WorkerContext& context) : rank_(context.rank), size_(context.world_size), device_(context.device) {
  if (size_ == 1) return;
  const WaitsForOthers waits;
  store_ = make_store(context);
  group_ = c10::make_intrusive<c10d::ProcessGroup>(store_, rank_, size_);
  using Type = c10d::ProcessGroup::BackendType;
  if (device_.is_cuda()) {
    group_->setDefaultBackend(Type::NCCL);
    group_->setBackend(c10::DeviceType::CUDA, Type::NCCL, make_nccl(store_, rank_, size_, device_));
    // For what the host decides without waiting for the device.
    group_->setBackend(c10::DeviceType::CPU, Type::GLOO,
                       make_gloo(c10::make_intrusive<c10d::PrefixStore>("host", store_), context));
  } else {
    group_->setDefaultBackend(Type::GLOO);
    group_->setBackend(c10::DeviceType::CPU, Type::GLOO, make_gloo(store_, context));
  }
}

void Group::sum(torch::Tensor& tensor) const {
  if (size_ == 1) return;
  const WaitsForOthers waits;
  std::vector<torch::Tensor> tensors{tensor};
  group_->allreduce(tensors)->wait();
}

void Group::broadcast(std::vector<torch::Tensor> tensors) const {
  if (size_ == 1) return;
  const WaitsForOthers waits;
  for (auto& tensor : tensors) {
    std::vector<torch::Tensor> one{tensor};
    group_->broadcast(one)->wait();
  }
}

std::vector<torch::Tensor> Group::gather(const torch::Tensor& tensor) const {
  if (size_ == 1) return {tensor};
  const WaitsForOthers waits;
  std::vector<torch::Tensor> inputs{tensor.to(device_)};
  std::vector<std::vector<torch::Tensor>> outputs(1);
  for (int r = 0; r < size_; ++r) outputs[0].push_back(torch::empty_like(inputs[0]));
  group_->allgather(outputs, inputs)->wait();
  for (auto& output : outputs[0]) output = output.to(tensor.device());
  return outputs[0];
}

void Group::tell(const std::string& key, const std::string& text) const {
  store_->set(key, std::vector<std::uint8_t>(text.begin(), text.end()));
}

std::optional<std::string> Group::told(const std::string& key) const {
  if (!store_->check({key})) return std::nullopt;
  const auto bytes = store_->get(key);
  return std::string(bytes.begin(), bytes.end());
}

void Group::barrier() const {
  const WaitsForOthers waits;
  auto token = torch::zeros({1}, torch::TensorOptions().device(device_));
  sum(token);
  (void)token.item<float>();  // on CUDA the collective is done only when its result is here
}

}  // namespace tlaunch
