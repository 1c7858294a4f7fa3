#include "base/temporary_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/text.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "tlaunch-temporary-", pattern = "XXXXXX";

Descriptor opened(const std::string& path) {
  return Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Locks show whether the owner lives. Process ids do not, because containers repeat them. EWOULDBLOCK: another holds
// it.
bool locked(const Descriptor& folder) { return ::flock(folder.get(), LOCK_EX | LOCK_NB) == 0; }

bool is_still_at(const Descriptor& folder, const std::string& path) {
  struct stat open = {}, named = {};
  return ::fstat(folder.get(), &open) == 0 && ::lstat(path.c_str(), &named) == 0 && open.st_ino == named.st_ino &&
         open.st_dev == named.st_dev;
}

// Removes the folders of killed processes of this user. A living process holds the lock of its folder.
void sweep(const fs::path& parent) {
  std::error_code error;
  for (fs::directory_iterator entry(parent, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(prefix) || name.size() != prefix.size() + pattern.size()) continue;
    const Descriptor folder = opened(entry->path());
    struct stat status = {};
    if (!folder || ::fstat(folder.get(), &status) != 0 || status.st_uid != ::geteuid() || !locked(folder)) continue;
    std::error_code ignored;
    fs::remove_all(entry->path(), ignored);
  }
}

}  // namespace

namespace {

// In the order in which they are tried. A TMPDIR that is not a folder is skipped, as in other programs.
std::vector<std::string> parents(const std::string& own) {
  std::vector<std::string> all;
  for (const char* variable : {"TMPDIR", "XDG_RUNTIME_DIR"}) {
    if (const char* value = std::getenv(variable); value != nullptr && value[0] == '/') all.push_back(value);
    if (std::string_view(variable) == "TMPDIR") all.push_back("/tmp");
  }
  all.push_back("/dev/shm");
  if (!own.empty()) all.push_back(own);
  return all;
}

struct NewFolder {
  std::string path;
  Descriptor lock;
};

NewFolder new_folder(const std::string& parent) {
  const std::string name = (fs::path(parent) / (std::string(prefix) + std::string(pattern))).string();
  NewFolder made;
  do {
    made.path = name;
    if (::mkdtemp(made.path.data()) == nullptr)
      throw IoError(format_text("cannot create a folder in {}: {}", parent, std::strerror(errno)));
    made.lock = opened(made.path);
    if (!made.lock) throw IoError(format_text("cannot open {}: {}", made.path, std::strerror(errno)));
    // On a file system without locks no sweep gets a lock either.
  } while ((!locked(made.lock) && errno == EWOULDBLOCK) ||
           !is_still_at(made.lock, made.path));  // else a sweep removed it
  return made;
}

void remove_folder(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
}

}  // namespace

TemporaryFolder::TemporaryFolder(const std::map<std::string, std::string>& files, const std::string& own) {
  std::vector<std::string> problems;
  for (const std::string& parent : parents(own)) {
    std::error_code ignored;
    if (parent == own) fs::create_directories(own, ignored);
    sweep(parent);
    try {
      NewFolder made = new_folder(parent);
      path_ = std::move(made.path);
      lock_ = std::move(made.lock);
      for (const auto& [name, content] : files) write_file_atomically(file(name), content);
      return;
    } catch (const IoError& error) {
      if (!path_.empty()) remove_folder(path_);
      path_.clear();
      problems.push_back(error.what());
    }
  }
  throw IoError(format_text("found no folder for temporary files; set TMPDIR to one with free space: {}",
                            joined(problems, "; ")));
}

TemporaryFolder::~TemporaryFolder() { remove_folder(path_); }

}  // namespace tlaunch
