// One rank's log on disk, bounded: its first half of the limit stays as it was written, of what follows the newest is
// kept, in FILE.tail and, before it, FILE.tail.1 (a quarter of the limit each). A disk that is full, or any other
// error, ends no run: output is left out, the file is tried again at most once a second, and then says how much is
// missing. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/descriptor.h"

namespace tlaunch {

inline constexpr std::uint64_t kLogLimitBytes = 1'000'000'000;  // unless the user says otherwise

class LogFile {
 public:
  using Tell = std::function<void(const std::string&)>;  // a line for the user

  // Opens `path` for appending and makes its folder; "": a log that keeps nothing.
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
  std::uint64_t limit_bytes_, room_bytes_;  // room_bytes_: what the file at hand may still take
  bool in_tail_ = false, told_ = false, lacks_output_ = false;
  std::uint64_t left_out_bytes_ = 0;  // since the last write
  std::optional<double> failed_at_s_;
  Descriptor file_;
  Tell tell_;
  std::function<double()> clock_s_;
};

}  // namespace tlaunch
