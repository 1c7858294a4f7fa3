// Where one rank's output goes: complete lines with a prefix to the launcher's own stdout and stderr, every byte to the
// rank's log file, the last lines to memory for a failure report. Memory is limited: unfinished lines and rows of bars
// have at most 1 MiB each. A longer line is shown in parts. One thread.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "processes/output/bar_rows.h"
#include "processes/output/line_buffer.h"
#include "processes/output/log_file.h"
#include "processes/output/screen.h"

namespace tlaunch {

enum class Stream { out = 0, error = 1 };

class LogTee {
 public:
  using OnLine = std::function<void(const std::string&)>;

  // `prefixed`: each line begins with "[rank N] ", or with `prefix` if that is not "". Otherwise bytes are passed on as
  // they come, including prompts.
  LogTee(int rank, bool prefixed, const std::string& prefix, LogFile log, Screen& out, Screen& error, OnLine on_line);

  // `now_s` (any monotonic clock) throttles progress bars: a text that a carriage return ends is shown once a second;
  // on a screen with rows it is shown in a row of this rank, and each of several bars in its own row.
  void feed(Stream stream, std::string_view bytes, double now_s);
  void finish(double now_s);               // no more bytes will come
  void show_only_in_log(Screen& nowhere);  // from now on, if there is a log

  const LogFile& log() const { return log_; }
  // The last lines of both streams: at most 20, as clean UTF-8 of at most 200 bytes each.
  std::vector<std::string> last_lines() const;

 private:
  struct Source {
    Screen* console;
    int first_row;  // the key of its first row on a screen with rows
    std::string prefix;
    LineBuffer lines = LineBuffer();
    bool drawn_over = false;  // the next output draws over a text
    BarRows bars = BarRows();
    std::array<std::optional<double>, BarRows::most> shown_s = {};  // when a bar was shown as a line, by row
  };

  void take(Source& source, std::string_view text, std::string_view ending, double now_s);
  void take_bar(Source& source, std::string_view text, double now_s);
  void take_line(Source& source, std::string_view text, bool told = false);
  void take_lines(Source& source, const std::vector<BarRow>& rows);
  void show_progress_so_far(Source& source);
  void draw_row(Source& source, int row, std::string_view text);
  void draw_rows(Source& source);
  void show(Source& source, std::string_view text);

  bool prefixed_;
  LogFile log_;
  std::string log_held_;  // bytes of this feed
  std::array<Source, 2> sources_;
  OnLine on_line_;
  std::deque<std::string> last_;
};

}  // namespace tlaunch
