#include "trainer/nccl.h"

#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

namespace tlaunch {

c10::intrusive_ptr<c10d::Backend> make_nccl(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                            const torch::Device& device) {
  auto backend = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size);
  backend->setBoundDeviceId(device);  // else the first barrier guesses the device from the rank
  return backend;
}

}  // namespace tlaunch
