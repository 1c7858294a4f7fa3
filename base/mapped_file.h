// A file that others wrote, for reading: checked reads by pread, so that a bad sector or a file cut short meanwhile is
// an error and not a signal; and a private read-only mapping for what is read often or large. Where something else
// truncates the file while it is open, reading the mapping beyond the new end is SIGBUS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/error.h"

namespace tlaunch {

struct AbsentFile : UsageError {  // for who lists a folder in which others delete
  using UsageError::UsageError;
};

class MappedFile {
 public:
  // AbsentFile where there is no such file, UsageError where it is a folder, a pipe, a device; IoError where it cannot
  // be opened or looked at (permissions, a bad sector, no descriptor left).
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string& path() const { return path_; }
  std::uint64_t bytes() const { return bytes_; }  // when it was opened

  // DataError where there are fewer bytes, IoError where reading fails. Safe from several threads.
  void read(std::uint64_t offset, std::span<std::byte> into) const;

  // The whole file, which must not be empty; mapped at the first call. As long as this object lives. IoError.
  std::span<const std::byte> map();

 private:
  std::string path_;
  int fd_ = -1;
  std::uint64_t bytes_ = 0;
  void* map_ = nullptr;
};

}  // namespace tlaunch
