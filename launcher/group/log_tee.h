// Where one rank's output goes: whole lines under a prefix to the launcher's own stdout and stderr, every byte to the
// rank's log file, the last lines to memory for a failure report. Memory is bounded: two unfinished lines of 1 MiB.
// A line longer than that is shown in parts. One thread.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/group/line_buffer.h"
#include "launcher/group/log_file.h"
#include "launcher/terminal/console.h"

namespace tlaunch {

enum class Stream { out = 0, error = 1 };

class LogTee {
 public:
  using OnLine = std::function<void(const std::string&)>;

  // `prefixed`: "[rank N] " before each line. Without it bytes are passed on as they come, prompts included.
  LogTee(int rank, bool prefixed, LogFile log, Console& out, Console& error, OnLine on_line);

  // `now_s` (any monotonic clock) throttles progress bars: a text that a carriage return ends is shown once a second.
  void feed(Stream stream, std::string_view bytes, double now_s);
  void finish(double now_s);  // no more bytes will come
  void show_only_in_log(Console& nowhere);  // from now on, where there is a log

  const LogFile& log() const { return log_; }
  // The last lines of both streams, 20 at most, as clean UTF-8 of 200 bytes at most each.
  std::vector<std::string> last_lines() const;

 private:
  struct Source {
    Console* console;
    std::string prefix;
    LineBuffer lines;
    std::string progress;  // the newest text of a progress bar that was not shown
    double shown_s = -1e9;
  };

  void take(Source& source, std::string_view text, std::string_view ending, double now_s);
  void show(Source& source, std::string_view text);

  bool prefixed_;
  LogFile log_;
  std::string log_held_;  // bytes of this feed
  std::array<Source, 2> sources_;
  OnLine on_line_;
  std::deque<std::string> last_;
};

}  // namespace tlaunch
