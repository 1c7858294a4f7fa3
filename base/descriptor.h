// A file descriptor that closes itself, and pipes made of them. Every descriptor made here is close-on-exec: a worker
// gets only what it is given by name.
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

// Throws IoError where the system has no descriptor left.
Pipe make_pipe();

// Reads come back at once with EAGAIN where nothing is there.
void set_nonblocking(int fd);

}  // namespace tlaunch
