// A file descriptor that closes itself, and pipes of them. Every descriptor made here is close-on-exec, so that a
// worker inherits only descriptors that it is given explicitly.
#pragma once

#include <unistd.h>

#include <utility>

namespace tlaunch {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Descriptor() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  Descriptor read, write;
};

// Throws IoError if no descriptor is left.
Pipe make_pipe();

// Reads then return at once with EAGAIN if there is no data.
void set_nonblocking(int fd);

}  // namespace tlaunch
