// The rows into which one stream's progress bars are drawn, as a terminal would show them: a newline moves to the row
// below, a cursor-up sequence back to the bar above. So bars below one another (tqdm's position=1) are written over in
// place. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tlaunch {

struct BarRow {
  std::string text;
  bool told = false;  // as a line, where rows cannot be written over
};

// Nothing to be seen: a bar that leaves nothing behind draws blanks over itself.
bool is_blank(std::string_view text);

class BarRows {
 public:
  static constexpr int most = 16;

  // Draws over the row in which the cursor stands; blanks leave "".
  void draw(std::string_view text);
  // Whether the line that a newline ends stays in its row, because a bar below has come back up so far before.
  // `drawn_over`: it began with a carriage return, or where the cursor went up to.
  bool stays(std::string_view text, bool drawn_over) const { return depth_ > 0 && (drawn_over || text.empty()); }
  // The cursor goes to the next row. Returns the rows that no bar reaches any more: they are lines now.
  std::vector<BarRow> down();
  // A line ends that is no bar: takes the cursor's row away, and returns those above it as lines.
  std::vector<BarRow> take_above();
  void up(int rows);
  void carriage_return() { ups_ = 0; }
  std::vector<BarRow> take_all();

  int cursor() const { return cursor_; }
  std::vector<BarRow>& rows() { return rows_; }

 private:
  std::vector<BarRow> rows_;
  int cursor_ = 0;
  int depth_ = 0;  // how many rows the cursor has gone up at once
  int ups_ = 0;    // since the last newline or carriage return
};

}  // namespace tlaunch
