// One of the launcher's own output streams, written without ever blocking: a paused terminal, or a pager that does not
// read, must not keep the launcher from stopping a group. Output that cannot be written yet is held. The caller stops
// reading its workers while blocked() (so they wait, and nothing is lost) and calls flush() when fd() is writable.
#pragma once

#include <string>
#include <string_view>

namespace tlaunch {

class Console {
 public:
  explicit Console(int fd);  // -1: all output is dropped

  void append(std::string_view bytes);  // the next flush() writes it
  void flush();                         // writes as much as the reader takes now

  int fd() const { return fd_; }
  bool pending() const { return !held_.empty(); }
  bool blocked() const { return held_.size() >= most_held_bytes; }
  bool reader_gone() const;                // nobody reads further output: `| head`
  int error() const { return error_; }     // errno of the write that failed; 0: none did
  bool colour() const { return colour_; }  // a terminal, and NO_COLOR is not set

 private:
  static constexpr std::size_t most_held_bytes = 256 * 1024;  // before workers have to wait

  int fd_;
  bool regular_ = false;  // a file, which always takes everything
  bool colour_ = false;
  bool gone_;  // nothing can be written any more: further output is dropped, the run continues
  int error_ = 0;
  std::string held_;
};

}  // namespace tlaunch
