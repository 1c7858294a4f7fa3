#include "data/byte_region.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace tlaunch {
namespace {

struct Descriptor {
  int fd;
  ~Descriptor() { ::close(fd); }
};

}  // namespace

ByteRegion map_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a FIFO must not block us
  if (fd < 0) throw DataError(format_text("{}: cannot be opened: {}", path, std::strerror(errno)));
  const Descriptor closer{fd};  // the mapping outlives the descriptor
  struct stat status = {};
  if (::fstat(fd, &status) != 0) throw IoError(format_text("{}: cannot be examined: {}", path, std::strerror(errno)));
  if (!S_ISREG(status.st_mode)) throw DataError(format_text("{} is not a regular file", path));
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return {};
  void* mapping = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (mapping == MAP_FAILED) throw IoError(format_text("{}: cannot be mapped: {}", path, std::strerror(errno)));
  return {std::shared_ptr<const void>(mapping, [size](const void* at) { ::munmap(const_cast<void*>(at), size); }),
          {static_cast<const std::uint8_t*>(mapping), size}};
}

ByteRegion in_memory(std::vector<std::uint8_t> bytes) {
  auto holder = std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes));
  return {holder, {holder->data(), holder->size()}};
}

}  // namespace tlaunch
