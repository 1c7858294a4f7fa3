#include "processes/output/log_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/text.h"
#include "base/units.h"

namespace tlaunch {

LogFile::LogFile(const std::string& path, std::uint64_t limit_bytes, Tell tell, std::function<double()> clock_s)
    : path_(path),
      limit_bytes_(limit_bytes),
      room_bytes_(limit_bytes / 2),
      tell_(std::move(tell)),
      clock_s_(std::move(clock_s)) {
  if (keeps()) open(0);
}

void LogFile::write(std::string_view bytes) {
  if (!keeps() || bytes.empty()) return;
  if (!ready()) {
    left_out_bytes_ += bytes.size();
    return;
  }
  append(bytes);
}

bool LogFile::ready() {
  constexpr double between_tries_s = 1;
  if (failed_at_s_ && clock_s_() < *failed_at_s_ + between_tries_s) return false;
  failed_at_s_.reset();
  if (!file_) open(0);
  if (!file_) return false;
  if (const auto missing = std::exchange(left_out_bytes_, 0); missing > 0) {
    append(format_text("\n[tlaunch: {} of output are missing here]\n", format_bytes(missing)));
    if (!file_) left_out_bytes_ = missing;
  }
  return static_cast<bool>(file_);
}

void LogFile::append(std::string_view bytes) {
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
      left_out_bytes_ += bytes.size();
      give_up();
    }
  }
}

void LogFile::start_tail() {
  const std::string tail = path_ + ".tail";
  if (in_tail_) {
    ::rename(tail.c_str(), (tail + ".1").c_str());  // if that fails, the tail is overwritten
  } else {
    tell_(
        format_text("the log {} has reached {}, half of --log-limit; "
                    "from here on only the newest output is stored, in {}",
                    path_, format_bytes(limit_bytes_ / 2), tail));
  }
  in_tail_ = true;
  room_bytes_ = std::max<std::uint64_t>(limit_bytes_ / 4, 1);
  open(O_TRUNC);
}

void LogFile::open(int flags) {
  std::error_code ignored;  // the open below reports it
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), ignored);
  file_ = Descriptor(::open(current().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0644));
  if (!file_) give_up();
}

void LogFile::give_up() {
  if (!std::exchange(told_, true))
    tell_(format_text("cannot write {}: {}; the output is left out of this log until it can be written", current(),
                      std::strerror(errno)));
  lacks_output_ = true;
  failed_at_s_ = clock_s_();
  file_.reset();
}

}  // namespace tlaunch
