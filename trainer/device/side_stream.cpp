#include "trainer/device/side_stream.h"

#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace tlaunch {

struct SideStream::Streams {
  explicit Streams(const torch::Device& device)
      : device(device),
        implementation(device.type()),
        side(implementation.getStreamFromGlobalPool(device, /*isHighPriority=*/false)),
        started(device.type()),
        done(device.type()) {}
  torch::Device device;
  c10::impl::VirtualGuardImpl implementation;
  c10::Stream side;
  c10::Event started, done;
};

SideStream::SideStream(const torch::Device& device)
    : streams_(device.is_cuda() ? std::make_unique<Streams>(device) : nullptr) {}
SideStream::~SideStream() = default;

void SideStream::run(const std::function<void()>& work) {
  if (!streams_) return work();
  const auto training = streams_->implementation.getStream(streams_->device);
  streams_->started.record(training);
  streams_->started.block(streams_->side);
  {
    const c10::StreamGuard guard(streams_->side);
    work();
  }
  streams_->done.record(streams_->side);
  streams_->done.block(training);
}

void SideStream::wait() const {
  if (streams_) streams_->done.synchronize();
}

}  // namespace tlaunch
