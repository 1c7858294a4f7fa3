// An interface to the system calls that make a file durable or append to a log, so that tests can count them, let them
// fail, or kill the process at one. Each behaves as the call of its name. Implementations are called from one thread at
// a time for one file.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace tlaunch {

class FileCalls {
 public:
  virtual ~FileCalls() = default;
  virtual int open(const char* path, int flags, mode_t mode);
  virtual ssize_t write(int fd, const void* data, std::size_t bytes);
  virtual int fsync(int fd);
  virtual int ftruncate(int fd, off_t bytes);
  virtual int close(int fd);
  virtual int rename(const char* from, const char* to);
  virtual int rename_new(const char* from, const char* to);  // EEXIST if `to` exists
  virtual int symlink(const char* target, const char* path);
  virtual int unlink(const char* path);
};

FileCalls& system_calls();

}  // namespace tlaunch
