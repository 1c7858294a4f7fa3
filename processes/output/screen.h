// A console that may be a terminal. At the bottom of a terminal a few rows are redrawn in place: one for each progress
// bar of the ranks. Lines go above the rows. Without a terminal it is only a console. Never blocks. One thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "processes/output/console.h"

namespace tlaunch {

class Screen : public Console {
 public:
  // `rows` false: no rows, even on a terminal.
  Screen(int fd, bool rows);

  bool has_rows() const { return has_rows_; }
  // The next settle() shows the row, below those with lower keys and cut to the terminal's width. `label` may be
  // coloured.
  void set_row(int key, std::string label, std::string_view text);
  void remove_row(int key);

  // Call it before lines are appended, or another program writes: removes the rows until the next settle().
  void wipe_rows();
  // Draws the rows if they have changed, at most ten times a second, and writes what the terminal takes now.
  // `now_s`: any clock.
  void settle(double now_s);
  std::optional<double> next_draw_s() const;  // when settle() has to be called again, on the same clock

 private:
  struct Row {
    std::string label, text;
  };

  void draw();

  bool has_rows_;
  std::map<int, Row> rows_;
  int drawn_ = 0;         // rows on the terminal; the cursor is in the last one
  bool changed_ = false;  // since the rows were drawn
  double drawn_s_ = -1e9;
};

}  // namespace tlaunch
