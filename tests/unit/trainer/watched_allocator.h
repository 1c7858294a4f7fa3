// Watches the CPU's allocator while the object lives: records what this thread allocates, and makes a chosen allocation
// fail.
#pragma once

#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cstdint>
#include <thread>

namespace tlaunch::test {

class WatchedAllocator : public c10::Allocator {
 public:
  WatchedAllocator() : own_(c10::GetCPUAllocator()) { c10::SetCPUAllocator(this); }
  ~WatchedAllocator() override { c10::SetCPUAllocator(own_); }

  // Makes the nth allocation of this thread from now on fail; those after it succeed. 0: none fails.
  void fail_at(std::int64_t nth) {
    watched_ = std::this_thread::get_id();
    until_failure_ = nth;
    largest_bytes_ = 0;
  }
  bool failed() const { return until_failure_ < 0; }
  std::size_t largest_bytes() const { return largest_bytes_; }  // of this thread since fail_at()

  c10::DataPtr allocate(std::size_t bytes) override {
    if (std::this_thread::get_id() == watched_) {
      largest_bytes_ = std::max(largest_bytes_, bytes);
      if (until_failure_ > 0 && --until_failure_ == 0) {
        until_failure_ = -1;
        TORCH_CHECK_WITH(OutOfMemoryError, false, "the test's lack of memory");
      }
    }
    return own_->allocate(bytes);
  }
  c10::DeleterFnPtr raw_deleter() const override { return own_->raw_deleter(); }
  void copy_data(void* to, const void* from, std::size_t bytes) const override { own_->copy_data(to, from, bytes); }

 private:
  c10::Allocator* own_;
  std::thread::id watched_;  // no thread at first
  std::int64_t until_failure_ = 0;
  std::size_t largest_bytes_ = 0;
};

}  // namespace tlaunch::test
