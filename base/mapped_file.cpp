#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/text.h"

namespace tlaunch {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

int open_file(const std::string& path) {
  // O_NONBLOCK: if the path is a pipe, opening it must not wait for a writer.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const int error = fd < 0 ? errno : 0;
  if (error == ENOENT) throw AbsentFile(format_text("cannot open {}: {}", path, reason(error)));
  if (error != 0) throw IoError(format_text("cannot open {}: {}", path, reason(error)), error);
  return fd;
}

}  // namespace

MappedFile::MappedFile(const std::string& path) : path_(path), fd_(open_file(path)) {
  struct stat info = {};
  const int error = ::fstat(fd_, &info) == 0 ? 0 : errno;
  if (error == 0 && S_ISREG(info.st_mode)) {
    bytes_ = static_cast<std::uint64_t>(info.st_size);
    return;
  }
  ::close(fd_);
  if (error != 0) throw IoError(format_text("cannot read the status of {}: {}", path, reason(error)));
  throw UsageError(format_text("cannot open {}: it is not a file", path));
}

MappedFile::~MappedFile() {
  if (map_) ::munmap(map_, bytes_);
  ::close(fd_);
}

void MappedFile::read(std::uint64_t offset, std::span<std::byte> into) const {
  while (!into.empty()) {
    const ssize_t got = ::pread(fd_, into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw IoError(format_text("cannot read {} at byte {}: {}", path_, offset, reason(errno)));
    if (got == 0) throw DataError(format_text("{}: byte {}: the file became shorter while it was read", path_, offset));
    offset += static_cast<std::uint64_t>(got);
    into = into.subspan(static_cast<std::size_t>(got));
  }
}

std::span<const std::byte> MappedFile::map() {
  if (!map_) {
    void* map = ::mmap(nullptr, bytes_, PROT_READ, MAP_PRIVATE, fd_, 0);
    if (map == MAP_FAILED) throw IoError(format_text("cannot map {}: {}", path_, reason(errno)));
    map_ = map;
    ::madvise(map_, bytes_, MADV_SEQUENTIAL);  // a hint: read once, from front to back
  }
  return {static_cast<const std::byte*>(map_), bytes_};
}

}  // namespace tlaunch
