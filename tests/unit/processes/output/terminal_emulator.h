// What a terminal shows after some bytes: enough of one for what tlaunch writes to it.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tlaunch::test {

class TerminalEmulator {
 public:
  explicit TerminalEmulator(int columns) : columns_(static_cast<std::size_t>(columns)) {}

  void feed(std::string_view bytes) {
    for (const char c : bytes) feed(c);
  }

  // From the first to the last that holds something, each without blanks at its end. Each character is a byte.
  std::vector<std::string> lines() const {
    std::vector<std::string> lines = lines_;
    for (std::string& line : lines) line.erase(line.find_last_not_of(' ') + 1);
    while (!lines.empty() && lines.back().empty()) lines.pop_back();
    return lines;
  }

  bool unknown() const { return unknown_; }  // bytes came that this terminal does not know
  bool wrapped() const { return wrapped_; }  // a line was longer than the terminal is wide

 private:
  void feed(char c) {
    if (!escape_.empty()) {
      escape_ += c;
      if (escape_.size() > 2 && std::isalpha(static_cast<unsigned char>(c)) != 0) obey(std::exchange(escape_, ""));
      return;
    }
    if (c == '\x1b') {
      escape_ = c;
    } else if (c == '\r') {
      column_ = 0;
    } else if (c == '\n') {
      ++row_;
    } else {
      wrapped_ |= column_ >= columns_;
      std::string& line = line_here();
      line.resize(std::max(line.size(), column_ + 1), ' ');
      line[column_++] = c;
    }
  }

  void obey(const std::string& escape) {
    const std::size_t count = escape.size() > 3 ? std::stoul(escape.substr(2)) : 1;
    if (escape.back() == 'm') return;
    if (escape.back() == 'A') {
      row_ -= std::min(row_, count);
    } else if (escape == "\x1b[K" || escape == "\x1b[J") {
      line_here().resize(std::min(line_here().size(), column_));
      if (escape.back() == 'J') lines_.resize(row_ + 1);
    } else {
      unknown_ = true;
    }
  }

  std::string& line_here() {
    if (lines_.size() <= row_) lines_.resize(row_ + 1);
    return lines_[row_];
  }

  std::size_t columns_, row_ = 0, column_ = 0;
  std::string escape_;
  std::vector<std::string> lines_;
  bool unknown_ = false, wrapped_ = false;
};

}  // namespace tlaunch::test
