// A log file that grows by whole records: one write(2) each, and a record that did not fit (disk full) is taken back,
// so that what is there stays readable. Torch-free. One thread at a time.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

#include "core/error.h"

namespace tlaunch {

class AppendFile {
 public:
  // `flags` beside O_WRONLY | O_APPEND | O_CLOEXEC. Throws IoError.
  AppendFile(std::string path, int flags) : path_(std::move(path)) {
    fd_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | flags, 0666);
    if (fd_ < 0) fail("cannot open ", errno);
  }
  ~AppendFile() { ::close(fd_); }
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  // Throws IoError; the file is then as long as before.
  void append(std::string_view record) {
    const off_t before = ::lseek(fd_, 0, SEEK_END);
    while (!record.empty()) {
      const ssize_t wrote = ::write(fd_, record.data(), record.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) {
        const int error = wrote < 0 ? errno : ENOSPC;
        if (before >= 0 && ::ftruncate(fd_, before) != 0) fail("cannot take back half a record of ", errno);
        fail("cannot write to ", error);
      }
      record.remove_prefix(static_cast<std::size_t>(wrote));
    }
  }

 private:
  [[noreturn]] void fail(const char* what, int error) const {
    throw IoError(what + path_ + ": " + std::generic_category().message(error));
  }
  std::string path_;
  int fd_ = -1;
};

}  // namespace tlaunch
