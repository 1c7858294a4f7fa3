// Limits of the system, lowered for as long as the object lives.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace tlaunch::test {

// At most `left` more descriptors can be opened.
class NoMoreDescriptors {
 public:
  explicit NoMoreDescriptors(int left) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::open("/dev/null", O_RDONLY);
    ::close(next);
    const rlimit low{static_cast<rlim_t>(next + left), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &low);
  }
  ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreDescriptors(const NoMoreDescriptors&) = delete;
  NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;

 private:
  rlimit before_{};
};

}  // namespace tlaunch::test
