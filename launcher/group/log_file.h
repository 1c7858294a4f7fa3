// One rank's log on disk, bounded: its first half of the limit stays as it was written, of what follows the newest is
// kept, in FILE.tail and, before it, FILE.tail.1 (a quarter of the limit each). A disk that is full, or any other
// error, ends the log, not the run. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "launcher/group/descriptor.h"

namespace tlaunch {

inline constexpr std::uint64_t kLogLimitBytes = 1'000'000'000;  // unless the user says otherwise

class LogFile {
 public:
  using Tell = std::function<void(const std::string&)>;  // a line for the user

  // Opens `path` for appending and makes its folder; "": a log that keeps nothing. Throws IoError.
  LogFile(const std::string& path, std::uint64_t limit_bytes, Tell tell);

  bool open() const { return static_cast<bool>(file_); }
  void write(std::string_view bytes);

 private:
  void start_tail();
  void give_up(const std::string& path);

  std::string path_;
  std::uint64_t limit_bytes_, room_bytes_;  // room_bytes_: what the file at hand may still take
  bool in_tail_ = false;
  Descriptor file_;
  Tell tell_;
};

}  // namespace tlaunch
