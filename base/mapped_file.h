// Reads a file that others wrote. Checked reads use pread, so that a bad sector or a truncated file is an error and not
// a signal. A private read-only mapping is for data that is large or read often. If another process truncates the file
// while it is open, reading the mapping beyond the new end raises SIGBUS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/error.h"

namespace tlaunch {

struct AbsentFile : UsageError {  // for callers that list a folder in which others delete files
  using UsageError::UsageError;
};

class MappedFile {
 public:
  // Throws AbsentFile if there is no such file, UsageError if it is a folder, a pipe or a device, IoError if it cannot
  // be opened or its status cannot be read (permissions, a bad sector, no descriptor left).
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string& path() const { return path_; }
  std::uint64_t bytes() const { return bytes_; }  // size when it was opened

  // Throws DataError if the file has fewer bytes, IoError if reading fails. Thread-safe.
  void read(std::uint64_t offset, std::span<std::byte> into) const;

  // Maps the whole file, which must not be empty, at the first call. Valid as long as this object. Throws IoError.
  std::span<const std::byte> map();

 private:
  std::string path_;
  int fd_ = -1;
  std::uint64_t bytes_ = 0;
  void* map_ = nullptr;
};

}  // namespace tlaunch
