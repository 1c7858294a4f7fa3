// A console that may be a terminal, at whose bottom a few rows are written over in place: one for each progress bar of
// the ranks. Lines go above the rows. Elsewhere it is a console alone. Never blocks. One thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "processes/output/console.h"

namespace tlaunch {

class Screen : public Console {
 public:
  // `rows` false: without rows on a terminal too.
  Screen(int fd, bool rows);

  bool has_rows() const { return has_rows_; }
  // Shown below those with lower keys from the next settle() on, cut to the terminal's width. `label` may be coloured.
  void set_row(int key, std::string label, std::string_view text);
  void remove_row(int key);

  // Before whole lines are appended, or another program writes: takes the rows away until the next settle().
  void wipe_rows();
  // Draws the rows where they have changed, ten times a second at most, and writes what the terminal takes now.
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
  int drawn_ = 0;         // rows on the terminal; the cursor stands in the last one
  bool changed_ = false;  // since they were drawn
  double drawn_s_ = -1e9;
};

}  // namespace tlaunch
