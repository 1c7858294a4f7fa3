#include "processes/output/line_buffer.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace tlaunch {
namespace {

constexpr std::size_t most_digits = 3;  // of a number of rows

struct Ending {
  std::size_t at = 0, size = 0;  // size 0: there is none yet; the next search begins at `at`
};

// The size of the cursor-up sequence that `bytes` begin with; 0 if they begin with something else. `unfinished`: they
// are only the beginning of one.
std::size_t size_of_up(std::string_view bytes, bool& unfinished) {
  std::size_t at = 1;
  if (at < bytes.size() && bytes[at] != '[') return 0;
  for (++at; at < bytes.size() && std::isdigit(static_cast<unsigned char>(bytes[at])) != 0;) ++at;
  if (at > 2 + most_digits) return 0;
  unfinished = at >= bytes.size();
  return !unfinished && bytes[at] == 'A' ? at + 1 : 0;
}

Ending first_ending(std::string_view bytes, std::size_t from) {
  const std::size_t newline = bytes.find('\n', from);
  const std::size_t carriage_return = bytes.substr(0, newline).find('\r', from);
  const std::string_view text = bytes.substr(0, std::min(newline, carriage_return));
  for (std::size_t at = text.find('\x1b', from); at != std::string_view::npos; at = text.find('\x1b', at + 1)) {
    bool unfinished = false;
    if (const std::size_t size = size_of_up(text.substr(at), unfinished); size > 0) return {at, size};
    if (unfinished && text.size() == bytes.size()) return {at, 0};
  }
  if (carriage_return != std::string_view::npos) {
    if (carriage_return + 1 == bytes.size()) return {carriage_return, 0};  // it may yet become "\r\n"
    return {carriage_return, carriage_return + 1 == newline ? 2u : 1u};
  }
  if (newline != std::string_view::npos) return {newline, 1};
  return {bytes.size(), 0};
}

}  // namespace

void LineBuffer::feed(std::string_view bytes, const Sink& sink) {
  // Complete lines are passed on from the caller's memory, without a copy.
  std::string joined;
  std::string_view rest = bytes;
  if (!held_.empty()) {
    held_.append(bytes);
    joined.swap(held_);
    rest = joined;
  }
  std::size_t from = scanned_;
  while (true) {
    Ending ending = first_ending(rest, from);
    if (ending.size == 0) {
      if (rest.size() < limit_ || ending.at < rest.size()) {
        scanned_ = ending.at;
        held_.assign(rest);
        return;
      }
      ending = {limit_, 0};
    }
    sink(rest.substr(0, ending.at), rest.substr(ending.at, ending.size));
    rest.remove_prefix(ending.at + ending.size);
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

int rows_up(std::string_view ending) {
  if (!ending.ends_with('A')) return 0;
  const std::string number(ending.substr(2, ending.size() - 3));
  return std::max(1, std::atoi(number.c_str()));  // terminals take 0, and nothing, as 1
}

}  // namespace tlaunch
