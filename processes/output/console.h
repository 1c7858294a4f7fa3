// One of the launcher's own output streams, written without ever blocking: a terminal that is held up or a pager that
// does not read must not keep the launcher from stopping a group. What cannot be written yet is held; the caller
// stops reading its workers while blocked() (so they wait, and nothing is lost) and calls flush() when fd() is
// writable.
#pragma once

#include <string>
#include <string_view>

namespace tlaunch {

class Console {
 public:
  explicit Console(int fd);  // -1: all is dropped

  void append(std::string_view bytes);  // to be written by the next flush()
  void flush();                         // as much as is taken now

  int fd() const { return fd_; }
  bool pending() const { return !held_.empty(); }
  bool blocked() const { return held_.size() >= kEnough; }
  bool reader_gone() const;                // what follows is of no use to anybody: `| head`
  int error() const { return error_; }     // errno of the write that failed; 0: none did
  bool colour() const { return colour_; }  // a terminal, and NO_COLOR is not set

 private:
  static constexpr std::size_t kEnough = 256 * 1024;  // bytes held before workers have to wait

  int fd_;
  bool regular_ = false;  // a file: always takes all
  bool colour_ = false;
  bool gone_;  // nothing can be written any more: what follows is dropped, the run goes on
  int error_ = 0;
  std::string held_;
};

}  // namespace tlaunch
