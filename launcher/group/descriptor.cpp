#include "launcher/group/descriptor.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "core/error.h"

namespace tlaunch {

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw IoError(std::string("cannot make a pipe: ") + std::strerror(errno) +
                  "; raise the limit of open files (ulimit -n)");
  }
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

void open_standard_descriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    const int null = ::open("/dev/null", O_RDONLY);
    if (null != fd && null >= 0) ::close(null);
  }
}

}  // namespace tlaunch
