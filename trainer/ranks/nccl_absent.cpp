#include "base/error.h"
#include "trainer/ranks/nccl.h"

namespace tlaunch {

c10::intrusive_ptr<c10d::Backend> make_nccl(const c10::intrusive_ptr<c10d::Store>&, int, int,
                                            std::chrono::milliseconds) {
  throw UsageError(
      "this tlaunch-worker was built with a LibTorch without NCCL; build it again with -DTLAUNCH_TORCH=PATH of a CUDA "
      "build");
}

}  // namespace tlaunch
