#include "launcher/group/log_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "core/error.h"
#include "core/units.h"

namespace tlaunch {

LogFile::LogFile(const std::string& path, std::uint64_t limit_bytes, Tell tell)
    : path_(path), limit_bytes_(limit_bytes), room_bytes_(limit_bytes / 2), tell_(std::move(tell)) {
  if (path.empty()) return;
  std::error_code ignored;  // the open below tells
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  file_ = Descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!file_) throw IoError("cannot open the log file " + path + ": " + std::strerror(errno));
}

void LogFile::write(std::string_view bytes) {
  while (file_ && !bytes.empty()) {
    if (room_bytes_ == 0) {
      start_tail();
      continue;
    }
    const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), room_bytes_));
    const ssize_t written = ::write(file_.get(), bytes.data(), size);
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      room_bytes_ -= static_cast<std::uint64_t>(written);
    } else if (errno != EINTR) {
      give_up(in_tail_ ? path_ + ".tail" : path_);
    }
  }
}

void LogFile::start_tail() {
  const std::string tail = path_ + ".tail";
  if (in_tail_) {
    ::rename(tail.c_str(), (tail + ".1").c_str());  // where that fails, the tail is written over
  } else {
    tell_("the log " + path_ + " has " + format_bytes(limit_bytes_ / 2) +
          ", half of --log-limit: of what follows the newest is kept, in " + tail);
  }
  in_tail_ = true;
  room_bytes_ = std::max<std::uint64_t>(limit_bytes_ / 4, 1);
  file_ = Descriptor(::open(tail.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644));
  if (!file_) give_up(tail);
}

void LogFile::give_up(const std::string& path) {
  tell_("cannot write " + path + ": " + std::strerror(errno) + "; going on without this log");
  file_.reset();
}

}  // namespace tlaunch
