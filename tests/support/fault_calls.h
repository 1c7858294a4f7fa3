// File calls that fail, fall short, or kill the process, as a test says by the call's name and number (all calls
// count).
#pragma once

#include <cerrno>
#include <functional>
#include <string>

#include "base/file_calls.h"

namespace tlaunch::test {

class FaultCalls : public FileCalls {
 public:
  // What the n-th call (from 1) shall do; 0: as the system does, else it fails with that errno.
  using Rule = std::function<int(const std::string& call, int n)>;
  explicit FaultCalls(Rule rule) : rule_(std::move(rule)) {}
  int count() const { return count_; }
  std::size_t longest_write = static_cast<std::size_t>(-1);  // longer ones are short writes

  int open(const char* path, int flags, mode_t mode) override {
    return refused("open") ? -1 : FileCalls::open(path, flags, mode);
  }
  ssize_t write(int fd, const void* data, std::size_t bytes) override {
    return refused("write") ? -1 : FileCalls::write(fd, data, std::min(bytes, longest_write));
  }
  int fsync(int fd) override { return refused("fsync") ? -1 : FileCalls::fsync(fd); }
  int ftruncate(int fd, off_t bytes) override { return refused("ftruncate") ? -1 : FileCalls::ftruncate(fd, bytes); }
  int close(int fd) override {
    const bool fails = refused("close");
    const int closed = FileCalls::close(fd);  // as the system: it is closed whatever it answers
    return fails ? -1 : closed;
  }
  int rename(const char* from, const char* to) override { return refused("rename") ? -1 : FileCalls::rename(from, to); }
  int rename_new(const char* from, const char* to) override {
    return refused("rename") ? -1 : FileCalls::rename_new(from, to);
  }
  int symlink(const char* target, const char* path) override {
    return refused("symlink") ? -1 : FileCalls::symlink(target, path);
  }
  int unlink(const char* path) override { return refused("unlink") ? -1 : FileCalls::unlink(path); }

 private:
  bool refused(const char* call) {
    const int error = rule_(call, ++count_);
    if (error != 0) errno = error;
    return error != 0;
  }
  Rule rule_;
  int count_ = 0;
};

}  // namespace tlaunch::test
