// The rows into which one stream's progress bars are drawn, as a terminal would show them: a newline moves to the row
// below, a cursor-up sequence back to the bar above. So bars below one another (tqdm's position=1) are redrawn in
// place. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tlaunch {

struct BarRow {
  std::string text;
  bool told = false;  // already shown as a line, because rows cannot be redrawn
};

// Whether nothing is visible: a bar that removes itself draws blanks over its text.
bool is_blank(std::string_view text);

class BarRows {
 public:
  static constexpr int most = 16;

  // Draws over the cursor's row; blanks leave "".
  void draw(std::string_view text);
  // Whether the line that a newline ends stays in its row, because the cursor has come back up from a bar below before.
  // `drawn_over`: the line began after a carriage return or a cursor-up sequence.
  bool stays(std::string_view text, bool drawn_over) const { return depth_ > 0 && (drawn_over || text.empty()); }
  // Moves the cursor to the next row. Returns the rows that no bar reaches any more: they are lines now.
  std::vector<BarRow> down();
  // A line that is not a bar ends: removes the cursor's row, and returns those above it as lines.
  std::vector<BarRow> take_above();
  void up(int rows);
  void carriage_return() { ups_ = 0; }
  std::vector<BarRow> take_all();

  int cursor() const { return cursor_; }
  std::vector<BarRow>& rows() { return rows_; }

 private:
  std::vector<BarRow> rows_;
  int cursor_ = 0;
  int depth_ = 0;  // the most rows that the cursor has gone up at once
  int ups_ = 0;    // since the last newline or carriage return
};

}  // namespace tlaunch
