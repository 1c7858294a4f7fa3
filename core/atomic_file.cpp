#include "core/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <vector>

#include "core/error.h"

namespace tlaunch {
namespace {

[[noreturn]] void fail(const char* doing, const std::string& path, int error) {
  throw IoError(std::string(doing) + " " + path + ": " + std::strerror(error));
}

// An open descriptor; closed on every way out.
struct Descriptor {
  int fd = -1;
  explicit Descriptor(int opened) : fd(opened) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

// Removes the temporary unless it became the file.
struct Temporary {
  std::string path;
  bool renamed = false;
  explicit Temporary(std::string name) : path(std::move(name)) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (!renamed) ::unlink(path.c_str());
  }
};

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

void write_all(int fd, std::span<const std::byte> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write", path, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void sync_folder(const std::string& folder) {
  const Descriptor dir(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (dir.fd < 0) fail("cannot open folder", folder, errno);
  // EINVAL: a file system that has nothing to sync for a folder.
  if (::fsync(dir.fd) != 0 && errno != EINVAL) fail("cannot sync folder", folder, errno);
}

}  // namespace

void write_file_atomically(const std::string& path, const std::function<void(const ByteSink&)>& produce,
                           const FileAccess* access) {
  static std::atomic<unsigned> counter{0};
  // Process and counter keep two writers of the same path apart; the dot and ".tmp" keep it out of listings.
  const std::string folder = folder_of(path);
  const std::string name = path.substr(path.rfind('/') + 1);
  Temporary temporary(folder + "/." + name + "." + std::to_string(::getpid()) + "-" + std::to_string(counter++) +
                      ".tmp");
  // Reported under the name the user knows; the temporary's would say nothing to them.
  const int opened = ::open(temporary.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                            access ? 0600 : 0666);
  if (opened < 0) {
    temporary.renamed = true;  // there is nothing to remove
    fail("cannot create", path, errno);
  }
  Descriptor file(opened);
  if (access) {
    if (::fchown(file.fd, access->owner, access->group) != 0 && errno != EPERM)
      fail("cannot set the owner of", path, errno);
    // After the owner: a change of owner clears bits.
    if (::fchmod(file.fd, static_cast<mode_t>(access->mode)) != 0) fail("cannot set the permissions of", path, errno);
  }

  constexpr std::size_t buffer_bytes = 64 * 1024;
  std::vector<std::byte> buffer;
  buffer.reserve(buffer_bytes);
  produce([&](std::span<const std::byte> bytes) {
    if (buffer.size() + bytes.size() > buffer_bytes) {
      write_all(file.fd, buffer, path);
      buffer.clear();
    }
    if (bytes.size() >= buffer_bytes)
      write_all(file.fd, bytes, path);
    else
      buffer.insert(buffer.end(), bytes.begin(), bytes.end());
  });
  write_all(file.fd, buffer, path);
  if (::fsync(file.fd) != 0) fail("cannot sync", path, errno);
  const int closed = ::close(file.fd);
  file.fd = -1;
  if (closed != 0) fail("cannot close", path, errno);  // where NFS reports a full disk
  if (::rename(temporary.path.c_str(), path.c_str()) != 0) fail("cannot rename to", path, errno);
  temporary.renamed = true;
  sync_folder(folder);
}

void write_file_atomically(const std::string& path, std::string_view content, const FileAccess* access) {
  write_file_atomically(path, [&](const ByteSink& sink) { sink(std::as_bytes(std::span(content))); }, access);
}

std::string read_file(const std::string& path, std::size_t limit_bytes) {
  // O_NONBLOCK: a FIFO must not hang the caller.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.fd < 0) {
    if (errno == ENOENT || errno == ENOTDIR) throw UsageError(path + ": no such file");
    fail("cannot open", path, errno);
  }
  struct stat status {};
  if (::fstat(file.fd, &status) != 0) fail("cannot read", path, errno);
  if (S_ISDIR(status.st_mode)) throw IoError(path + ": is a folder, expected a file");
  if (!S_ISREG(status.st_mode)) throw IoError(path + ": is no regular file");
  const auto too_large = [&] {
    return IoError(path + ": larger than the limit of " + std::to_string(limit_bytes) + " bytes");
  };
  if (static_cast<std::uint64_t>(status.st_size) > limit_bytes) throw too_large();

  std::string content;
  std::vector<char> piece(64 * 1024);
  for (;;) {
    const ssize_t got = ::read(file.fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot read", path, errno);
    if (got == 0) return content;
    content.append(piece.data(), static_cast<std::size_t>(got));
    if (content.size() > limit_bytes) throw too_large();  // it grew, or is one of /proc with size 0
  }
}

}  // namespace tlaunch
