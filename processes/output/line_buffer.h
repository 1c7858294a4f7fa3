// Cuts a stream of bytes into lines. Pure. Holds at most `limit` bytes of an unfinished line.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace tlaunch {

class LineBuffer {
 public:
  // `ending`: "\n", "\r\n", "\r" (a progress bar that will draw over this text), "\x1b[A" or "\x1b[3A" (the cursor goes
  // up, from a bar below another one), or "" (cut at the limit, or the stream ended). All texts with their endings make
  // up the whole stream.
  using Sink = std::function<void(std::string_view text, std::string_view ending)>;

  explicit LineBuffer(std::size_t limit = 1 << 20) : limit_(limit) {}

  void feed(std::string_view bytes, const Sink& sink);
  std::string_view held() const { return held_; }  // the unfinished line
  void finish(const Sink& sink);                   // passes on the last line, if it has no ending

 private:
  std::size_t limit_, scanned_ = 0;  // the first `scanned_` bytes of held_ have no line's end in them
  std::string held_;
};

// How many rows an ending moves the cursor up; 0 for all others.
int rows_up(std::string_view ending);

}  // namespace tlaunch
