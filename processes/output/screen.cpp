#include "processes/output/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "base/text.h"
#include "processes/output/clean_text.h"
#include "processes/output/display_width.h"

namespace tlaunch {
namespace {

constexpr double draw_interval_s = 0.1;

bool can_move_cursor(int fd) {
  const char* kind = std::getenv("TERM");
  return ::isatty(fd) != 0 && kind != nullptr && *kind != '\0' && std::string_view(kind) != "dumb";
}

struct Size {
  int columns = 80, lines = 24;
};

Size size_of(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

std::string to_first_row(int drawn) { return drawn > 1 ? format_text("\r\x1b[{}A", drawn - 1) : std::string("\r"); }

}  // namespace

Screen::Screen(int fd, bool rows) : Console(fd), has_rows_(rows && can_move_cursor(fd)) {}

void Screen::set_row(int key, std::string label, std::string_view text) {
  if (!has_rows_) return;
  rows_[key] = {std::move(label), clean_text(text)};
  changed_ = true;
}

void Screen::remove_row(int key) {
  if (rows_.erase(key) > 0) changed_ = true;
}

void Screen::wipe_rows() {
  if (drawn_ == 0) return;
  append(to_first_row(drawn_) + "\x1b[J");
  drawn_ = 0;
  changed_ = !rows_.empty();
}

void Screen::settle(double now_s) {
  flush();
  // A paused terminal gets the rows in their state when it continues.
  const bool due = drawn_ == 0 || now_s >= drawn_s_ + draw_interval_s;
  if (!changed_ || !due || pending()) return;
  draw();
  drawn_s_ = now_s;
  flush();
}

std::optional<double> Screen::next_draw_s() const {
  return changed_ && !pending() ? std::optional(drawn_s_ + draw_interval_s) : std::nullopt;
}

void Screen::draw() {
  const Size size = size_of(fd());
  const auto most = static_cast<std::size_t>(std::max(size.lines / 2, 1));
  std::string bytes = drawn_ > 0 ? to_first_row(drawn_) : "";
  drawn_ = 0;
  for (const auto& [key, row] : rows_) {
    if (drawn_ > 0) bytes += "\r\n";
    ++drawn_;
    const std::size_t left = rows_.size() - static_cast<std::size_t>(drawn_ - 1);
    if (static_cast<std::size_t>(drawn_) == most && left > 1) {
      bytes += format_text("... and {} more\x1b[K", left);
      break;
    }
    // The last column stays free: a row that fills it would wrap on some terminals.
    const int room = size.columns - 1 - display_width(clean_text(row.label));
    bytes.append(row.label).append(cut_to_width(row.text, room)).append("\x1b[K");
  }
  append(bytes + "\x1b[J");
  changed_ = false;
}

}  // namespace tlaunch
