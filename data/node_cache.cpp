#include "data/node_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/atomic_file.h"
#include "base/cache_folder.h"
#include "base/error.h"
#include "base/text.h"
#include "worker/counter_rng.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;
using Bytes = std::span<const std::uint8_t>;

// A cache file: this header, padded to header_bytes, then the payload. In the machine's own byte order.
struct Header {
  std::array<char, 8> magic{'t', 'l', 'c', 'a', 'c', 'h', 'e', '1'};
  std::uint64_t payload_bytes = 0;
  std::uint32_t payload_crc32 = 0;
  std::uint32_t header_crc32 = 0;  // of the fields before it
};
constexpr std::size_t header_bytes = 64;  // keeps the payload aligned
static_assert(sizeof(Header) == 24 && sizeof(Header) <= header_bytes);

std::uint32_t crc32_of(Bytes bytes) { return static_cast<std::uint32_t>(crc32_z(0, bytes.data(), bytes.size())); }

std::uint32_t crc32_of(const Header& header) {
  return crc32_of({reinterpret_cast<const std::uint8_t*>(&header), offsetof(Header, header_crc32)});
}

// 64 bits suffice: the files of one user do not clash.
std::string key_of(const std::string& source, std::uint32_t format_version) {
  struct stat status = {};
  if (::stat(source.c_str(), &status) != 0)
    throw DataError(format_text("{}: cannot be opened: {}", source, std::strerror(errno)));
  const std::string path = fs::absolute(source).lexically_normal().string();
  const std::string time = std::to_string(status.st_mtim.tv_sec) + '.' + std::to_string(status.st_mtim.tv_nsec);
  const std::string identity =
      path + '\n' + std::to_string(status.st_size) + '\n' + time + '\n' + std::to_string(format_version);
  std::uint64_t hash = 0;
  for (const char c : identity) hash = splitmix64(hash ^ static_cast<unsigned char>(c));
  return format_text("{:016x}", hash);
}

// The payload of a cache file; nothing if the file is missing or fails its checks.
std::optional<ByteRegion> open_valid(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::nullopt;  // missing, or it cannot be examined
  ByteRegion file;
  try {
    file = map_file(path);
  } catch (const Error&) {
    return std::nullopt;  // it was removed in between, or we may not read it
  }
  if (file.bytes.size() < header_bytes) return std::nullopt;
  Header header, expected;
  std::memcpy(&header, file.bytes.data(), sizeof header);
  const Bytes payload = file.bytes.subspan(header_bytes);
  if (header.magic != expected.magic || header.header_crc32 != crc32_of(header) ||
      header.payload_bytes != payload.size() || header.payload_crc32 != crc32_of(payload)) {
    return std::nullopt;
  }
  file.bytes = payload;
  return file;
}

void write_cache_file(const std::string& path, Bytes payload) {
  Header header;
  header.payload_bytes = payload.size();
  header.payload_crc32 = crc32_of(payload);
  header.header_crc32 = crc32_of(header);
  std::array<std::byte, header_bytes> head{};
  std::memcpy(head.data(), &header, sizeof header);
  write_file_atomically(path, [&](const ByteSink& sink) {
    sink(head);
    sink(std::as_bytes(payload));
  });
}

// Held by the one process that makes a cache file. The kernel releases it if the process dies.
class FileLock {
 public:
  explicit FileLock(const std::string& path)
      : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    if (fd_ < 0) throw IoError(format_text("{}: cannot be opened: {}", path, std::strerror(errno)));
    while (::flock(fd_, LOCK_EX) != 0) {
      if (errno == EINTR) continue;
      const std::string why = std::strerror(errno);
      ::close(fd_);
      throw IoError(format_text("{}: cannot be locked: {}", path, why));
    }
  }
  ~FileLock() { ::close(fd_); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int fd_;
};

std::uint64_t free_bytes(const std::string& folder) {
  struct statvfs status = {};
  if (::statvfs(folder.c_str(), &status) != 0)
    throw IoError(format_text("{}: cannot read its free space: {}", folder, std::strerror(errno)));
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

}  // namespace

std::string default_cache_folder() {
  const std::string folder = cache_folder();
  return folder.empty() ? "" : folder + "/data";
}

CachedBytes cached_bytes(const std::string& source, std::uint32_t format_version,
                         const std::function<std::vector<std::uint8_t>()>& decode, const std::string& folder) {
  const std::string key = key_of(source, format_version);
  if (folder.empty()) return {in_memory(decode()), "neither XDG_CACHE_HOME nor HOME names a folder"};
  const std::string path = folder + "/" + key + ".bin";
  if (auto found = open_valid(path)) return {std::move(*found), ""};

  std::optional<FileLock> lock;
  try {
    std::error_code created;
    fs::create_directories(folder, created);
    if (created) throw IoError(format_text("{}: cannot be created: {}", folder, created.message()));
    lock.emplace(folder + "/" + key + ".lock");
  } catch (const IoError& error) {
    return {in_memory(decode()), error.what()};
  }
  if (auto found = open_valid(path)) return {std::move(*found), ""};  // another process was faster
  // Files that killed processes left.
  sweep_temporaries(folder, [&](const std::string& name) { return name == key + ".bin"; });
  std::vector<std::uint8_t> decoded = decode();
  try {
    if (free_bytes(folder) < 2 * decoded.size()) {
      const std::size_t bytes = decoded.size();
      return {in_memory(std::move(decoded)),
              format_text("{}: has less free space than twice the {} bytes to be cached", folder, bytes)};
    }
    write_cache_file(path, decoded);
  } catch (const IoError& error) {
    return {in_memory(std::move(decoded)), error.what()};
  }
  if (auto found = open_valid(path)) return {std::move(*found), ""};
  return {in_memory(std::move(decoded)), format_text("{}: does not read back as it was written", path)};
}

}  // namespace tlaunch
