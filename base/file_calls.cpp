#include "base/file_calls.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace tlaunch {

int FileCalls::open(const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); }
ssize_t FileCalls::write(int fd, const void* data, std::size_t bytes) { return ::write(fd, data, bytes); }
int FileCalls::fsync(int fd) { return ::fsync(fd); }
int FileCalls::ftruncate(int fd, off_t bytes) { return ::ftruncate(fd, bytes); }
int FileCalls::close(int fd) { return ::close(fd); }
int FileCalls::rename(const char* from, const char* to) { return ::rename(from, to); }
int FileCalls::rename_new(const char* from, const char* to) {
  if (::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno == EEXIST) return -1;
  // NFS cannot do that, but link() also refuses a name that is taken. A file system that can do neither (FAT) is not
  // shared by several runs, so a plain rename is enough.
  if (::link(from, to) == 0) return ::unlink(from);
  return errno == EEXIST ? -1 : ::rename(from, to);
}
int FileCalls::symlink(const char* target, const char* path) { return ::symlink(target, path); }
int FileCalls::unlink(const char* path) { return ::unlink(path); }

FileCalls& system_calls() {
  static FileCalls calls;
  return calls;
}

}  // namespace tlaunch
