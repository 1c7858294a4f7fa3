// Where a trace goes: a file that several processes may append to and that stays below a limit, or stderr. Writing
// never waits and never fails: a line that cannot be written is lost. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/descriptor.h"

namespace tlaunch {

class TraceFile {
 public:
  using Tell = std::function<void(const std::string& problem)>;

  // `where`: "debug" is stderr, otherwise a path; a relative one is made absolute. `tell` is called once if the file
  // cannot be opened; then append() does nothing. A file over half of `limit_bytes` is renamed to PATH.1, which
  // replaces an older PATH.1, and a new file is begun: both together stay below the limit.
  TraceFile(const std::string& where, std::uint64_t limit_bytes, const Tell& tell);

  // `line`, with its newline, in one write(2).
  void append(const std::string& line);

 private:
  Descriptor open_file() const;
  bool is_full(const Descriptor& file, std::size_t more_bytes) const;
  void begin_anew(const Descriptor& full) const;
  void write_line(int fd, const std::string& line);

  std::string path_;  // "": stderr, or nowhere
  bool to_stderr_ = false;
  std::uint64_t limit_bytes_;
  bool half_a_line_ = false;  // the disk took only a part of the last line
};

}  // namespace tlaunch
