#include "processes/output/console.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>

namespace tlaunch {

Console::Console(int fd) : fd_(fd), gone_(fd < 0) {
  struct stat status = {};
  regular_ = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  // The reading end of a pipe never becomes writable: waiting for it would never end.
  const int mode = ::fcntl(fd, F_GETFL);
  if (mode >= 0 && (mode & O_ACCMODE) == O_RDONLY) gone_ = true;
  const char* no_color = std::getenv("NO_COLOR");
  colour_ = ::isatty(fd) != 0 && (no_color == nullptr || *no_color == '\0');
}

void Console::append(std::string_view bytes) {
  if (!gone_) held_.append(bytes);
}

void Console::flush() {
  std::size_t done = 0;
  while (done < held_.size() && !gone_) {
    // O_NONBLOCK would change the stream for all processes that share it, including the user's shell. A pipe that polls
    // as writable takes PIPE_BUF bytes without blocking.
    std::size_t size = held_.size() - done;
    if (!regular_) {
      pollfd writable{fd_, POLLOUT, 0};
      if (::poll(&writable, 1, 0) == 0) break;
      size = std::min<std::size_t>(size, PIPE_BUF);
    }
    const ssize_t written = ::write(fd_, held_.data() + done, size);
    if (written >= 0) {
      done += static_cast<std::size_t>(written);
    } else if (errno == EAGAIN) {  // another process made it non-blocking
      break;
    } else if (errno != EINTR) {
      gone_ = true;
      error_ = errno;
    }
  }
  held_.erase(0, gone_ ? std::string::npos : done);
}

bool Console::reader_gone() const {  // EIO: the terminal was closed
  return error_ == EPIPE || error_ == ECONNRESET || (error_ == EIO && !regular_);
}

}  // namespace tlaunch
