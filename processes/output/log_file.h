// One rank's log on disk, with a size limit: the first half of the limit stays as it was written; after that only the
// newest output is stored, in FILE.tail and, before it, FILE.tail.1 (a quarter of the limit each). A full disk, or any
// other error, does not end a run: output is left out, the file is tried again at most once a second, and the file then
// says how much is missing. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/descriptor.h"

namespace tlaunch {

inline constexpr std::uint64_t default_log_limit_bytes = 1'000'000'000;

class LogFile {
 public:
  using Tell = std::function<void(const std::string&)>;  // a line for the user

  // Opens `path` for appending and makes its folder; "": a log that stores nothing.
  LogFile(const std::string& path, std::uint64_t limit_bytes, Tell tell, std::function<double()> clock_s = monotonic_s);

  bool keeps() const { return !path_.empty(); }
  void write(std::string_view bytes);
  bool lacks_output() const { return lacks_output_; }
  const std::string& path() const { return path_; }

 private:
  bool ready();  // to write, or not yet again
  std::string current() const { return in_tail_ ? path_ + ".tail" : path_; }
  void open(int flags);
  void append(std::string_view bytes);
  void start_tail();
  void give_up();

  std::string path_;
  std::uint64_t limit_bytes_, room_bytes_;  // room_bytes_: what the current file may still take
  bool in_tail_ = false, told_ = false, lacks_output_ = false;
  std::uint64_t left_out_bytes_ = 0;  // since the last write
  std::optional<double> failed_at_s_;
  Descriptor file_;
  Tell tell_;
  std::function<double()> clock_s_;
};

}  // namespace tlaunch
