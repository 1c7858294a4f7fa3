// Copies beside the training stream of a GPU. On the CPU run() does the work at once.
#pragma once

#include <torch/types.h>

#include <functional>
#include <memory>

namespace tlaunch {

class SideStream {
 public:
  explicit SideStream(const torch::Device& device);
  ~SideStream();

  // `work` starts kernels or copies. On the device they begin when everything started before is done, and everything
  // started later waits for them. The host does not wait.
  void run(const std::function<void()>& work);
  // Blocks the host until the latest run() is done. Any thread.
  void wait() const;

 private:
  struct Streams;
  std::unique_ptr<Streams> streams_;  // null on the CPU
};

}  // namespace tlaunch
