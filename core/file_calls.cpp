#include "core/file_calls.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

namespace tlaunch {

int FileCalls::open(const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); }
ssize_t FileCalls::write(int fd, const void* data, std::size_t bytes) { return ::write(fd, data, bytes); }
int FileCalls::fsync(int fd) { return ::fsync(fd); }
int FileCalls::ftruncate(int fd, off_t bytes) { return ::ftruncate(fd, bytes); }
int FileCalls::close(int fd) { return ::close(fd); }
int FileCalls::rename(const char* from, const char* to) { return ::rename(from, to); }
int FileCalls::symlink(const char* target, const char* path) { return ::symlink(target, path); }
int FileCalls::unlink(const char* path) { return ::unlink(path); }

FileCalls& system_calls() {
  static FileCalls calls;
  return calls;
}

}  // namespace tlaunch
