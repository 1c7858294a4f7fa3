// Copies beside the training stream of a GPU. On the CPU everything happens at once.
#pragma once

#include <torch/types.h>

#include <functional>
#include <memory>

namespace tlaunch {

class SideStream {
 public:
  explicit SideStream(const torch::Device& device);
  ~SideStream();

  // `work` starts kernels or copies: they begin when all that was started before is done, and what is started later
  // waits for them, on the device. The host waits for nothing.
  void run(const std::function<void()>& work);
  // Blocks the host until the latest run() is done. Any thread.
  void wait() const;

 private:
  struct Streams;  // nothing on the CPU
  std::unique_ptr<Streams> streams_;
};

}  // namespace tlaunch
