#include "launcher/commands/tune/config_backup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/text.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

std::string target_of(const std::string& path) {
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  if (error == std::errc::no_such_file_or_directory) throw UsageError(format_text("{}: no such file", path));
  if (error) throw IoError(format_text("cannot open {}: {}", path, error.message()));
  return target.string();
}

// Reserves a new name by an empty file; deletes the file at the end unless keep() was called.
class NewName {
 public:
  NewName(const std::string& file, std::time_t now) {
    std::tm local{};
    localtime_r(&now, &local);
    char stamp[32];
    std::strftime(stamp, sizeof stamp, ".%Y%m%d-%H%M%S", &local);
    for (int number = 1;; ++number) {
      path_ = file + stamp + (number > 1 ? "-" + std::to_string(number) : "") + ".bak";
      const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
      if (fd >= 0) {
        ::close(fd);
        return;
      }
      if (errno != EEXIST) throw IoError(format_text("cannot create {}: {}", path_, std::strerror(errno)));
    }
  }
  NewName(const NewName&) = delete;
  NewName& operator=(const NewName&) = delete;
  ~NewName() {
    if (!kept_) ::unlink(path_.c_str());
  }
  const std::string& path() const { return path_; }
  void keep() { kept_ = true; }

 private:
  std::string path_;
  bool kept_ = false;
};

void check_is_still(const std::string& file, const std::string& original) {
  const std::string changed =
      format_text("{}: has changed on disk since it was read and was not written; run the command again", file);
  try {
    if (read_file(file, original.size()) != original) throw UsageError(changed);
  } catch (const IoError&) {  // larger by now
    throw UsageError(changed);
  }
}

// The file's status. Throws if the file may not be replaced.
struct stat replaceable(const std::string& file) {
  struct stat status = {};
  if (::stat(file.c_str(), &status) != 0) throw IoError(format_text("cannot read {}: {}", file, std::strerror(errno)));
  // A rename needs only the folder's permissions, but somebody has protected this file for a reason.
  if (::access(file.c_str(), W_OK) != 0 || (status.st_mode & 0222) == 0)
    throw UsageError(format_text("{}: is write-protected; allow writing (chmod u+w) or change the file by hand", file));
  return status;
}

}  // namespace

void check_replaceable(const std::string& path) {
  const std::string file = target_of(path), folder = fs::path(file).parent_path().string();
  replaceable(file);
  if (::access(folder.c_str(), W_OK) != 0)
    throw IoError(format_text("cannot write {} and its backup: {}: {}", file, folder, std::strerror(errno)));
}

std::string replace_with_backup(const std::string& path, const std::string& original, const std::string& content,
                                std::time_t now) {
  const std::string file = target_of(path);
  const struct stat status = replaceable(file);
  const FileAccess access{status.st_mode & 07777u, status.st_uid, status.st_gid};

  NewName backup(file, now);
  write_file_atomically(backup.path(), original, &access);
  check_is_still(file, original);  // as late as possible before the file is replaced
  write_file_atomically(file, content, &access);
  backup.keep();
  return backup.path();
}

}  // namespace tlaunch
