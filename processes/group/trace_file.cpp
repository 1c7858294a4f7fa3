#include "processes/group/trace_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/sigpipe_held.h"
#include "base/text.h"

namespace tlaunch {

TraceFile::TraceFile(const std::string& where, std::uint64_t limit_bytes, const Tell& tell)
    : to_stderr_(where == "debug"), limit_bytes_(limit_bytes) {
  if (to_stderr_) return;
  std::error_code error;
  path_ = std::filesystem::absolute(where, error).string();
  if (!error && open_file()) return;
  const std::string why = error ? error.message() : std::strerror(errno);
  tell(format_text("cannot open {}: {}", where, why));
  path_.clear();
}

void TraceFile::append(const std::string& line) {
  const SigpipeHeld held;
  if (to_stderr_) write_line(STDERR_FILENO, line);
  if (path_.empty()) return;
  Descriptor file = open_file();  // each time, because another process may have begun a new file
  if (file && is_full(file, line.size())) {
    begin_anew(file);
    file = open_file();
  }
  if (file) write_line(file.get(), line);
}

Descriptor TraceFile::open_file() const {
  // O_NONBLOCK: a pipe that nobody reads must not delay the run. For a regular file it has no effect.
  return Descriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666));
}

bool TraceFile::is_full(const Descriptor& file, std::size_t more_bytes) const {
  struct stat now = {};
  if (::fstat(file.get(), &now) != 0 || !S_ISREG(now.st_mode) || now.st_size == 0) return false;
  return static_cast<std::uint64_t>(now.st_size) + more_bytes > limit_bytes_ / 2;
}

// The lock prevents two processes from doing this one after the other: the second would rename a file that has just
// begun. On a file system without locks it is skipped.
void TraceFile::begin_anew(const Descriptor& full) const {
  if (::flock(full.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return;
  struct stat ours = {}, named = {};
  if (::fstat(full.get(), &ours) != 0 || ::stat(path_.c_str(), &named) != 0 || ours.st_ino != named.st_ino) return;
  if (::rename(path_.c_str(), (path_ + ".1").c_str()) == 0) return;
  // The rename failed: the limit matters more than the older lines.
  [[maybe_unused]] const int cut = ::ftruncate(full.get(), 0);
}

void TraceFile::write_line(int fd, const std::string& line) {
  pollfd room{fd, POLLOUT, 0};
  if (::poll(&room, 1, 0) != 1 || (room.revents & POLLOUT) == 0) return;
  const std::string whole = (half_a_line_ ? "\n" : "") + line;
  const ssize_t wrote = ::write(fd, whole.data(), whole.size());
  if (wrote > 0) half_a_line_ = static_cast<std::size_t>(wrote) < whole.size();
}

}  // namespace tlaunch
