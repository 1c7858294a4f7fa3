#include "launcher/group/line_buffer.h"

namespace tlaunch {

void LineBuffer::feed(std::string_view bytes, const Sink& sink) {
  // Whole lines that arrive at once are passed on from the caller's memory.
  std::string joined;
  std::string_view rest = bytes;
  if (!held_.empty()) {
    held_.append(bytes);
    joined.swap(held_);
    rest = joined;
  }
  std::size_t from = scanned_;
  while (true) {
    const std::size_t newline = rest.find('\n', from);
    const std::size_t line_end = newline == std::string_view::npos ? rest.size() : newline;
    const std::size_t carriage_return = rest.substr(0, line_end).find('\r', from);
    std::size_t text = 0, ending = 0;
    if (carriage_return != std::string_view::npos && carriage_return + 1 < rest.size()) {
      text = carriage_return;
      ending = carriage_return + 1 == newline ? 2 : 1;
    } else if (newline != std::string_view::npos) {
      text = newline;
      ending = 1;
    } else if (rest.size() >= limit_ && carriage_return == std::string_view::npos) {
      text = limit_;
    } else {
      // Unfinished. A carriage return at the very end may yet become "\r\n".
      scanned_ = carriage_return == std::string_view::npos ? rest.size() : carriage_return;
      held_.assign(rest);
      return;
    }
    sink(rest.substr(0, text), rest.substr(text, ending));
    rest.remove_prefix(text + ending);
    from = 0;
  }
}

void LineBuffer::finish(const Sink& sink) {
  std::string last;
  last.swap(held_);
  scanned_ = 0;
  const std::size_t ending = last.ends_with('\r') ? 1 : 0;
  if (!last.empty()) {
    sink(std::string_view(last).substr(0, last.size() - ending), std::string_view(last).substr(last.size() - ending));
  }
}

}  // namespace tlaunch
