#include "launcher/group/temporary_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "core/error.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "tlaunch-temporary-", pattern = "XXXXXX";

Descriptor opened(const std::string& path) {
  return Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Locks tell who lives where process numbers do not: a container repeats them. EWOULDBLOCK: another holds it.
bool locked(const Descriptor& folder) { return ::flock(folder.get(), LOCK_EX | LOCK_NB) == 0; }

bool is_still_at(const Descriptor& folder, const std::string& path) {
  struct stat open {}, named {};
  return ::fstat(folder.get(), &open) == 0 && ::lstat(path.c_str(), &named) == 0 && open.st_ino == named.st_ino &&
         open.st_dev == named.st_dev;
}

// What processes of this user that were killed have left. The folder of a process that lives is locked.
void sweep(const fs::path& parent) {
  std::error_code error;
  for (fs::directory_iterator entry(parent, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(prefix) || name.size() != prefix.size() + pattern.size()) continue;
    const Descriptor folder = opened(entry->path());
    struct stat status {};
    if (!folder || ::fstat(folder.get(), &status) != 0 || status.st_uid != ::geteuid() || !locked(folder)) continue;
    std::error_code ignored;
    fs::remove_all(entry->path(), ignored);
  }
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  const fs::path found = fs::temp_directory_path(error);
  const fs::path parent = error ? fs::path("/tmp") : found;
  sweep(parent);
  const std::string name = (parent / (std::string(prefix) + std::string(pattern))).string();
  do {
    path_ = name;
    if (::mkdtemp(path_.data()) == nullptr) throw IoError("cannot make " + name + ": " + std::strerror(errno));
    lock_ = opened(path_);
    if (!lock_) throw IoError("cannot open " + path_ + ": " + std::strerror(errno));
    // Where the file system has no locks, no sweep gets one either.
  } while ((!locked(lock_) && errno == EWOULDBLOCK) || !is_still_at(lock_, path_));  // a sweep came between
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  fs::remove_all(path_, error);
}

}  // namespace tlaunch
