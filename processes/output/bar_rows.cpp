#include "processes/output/bar_rows.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "processes/output/clean_text.h"

namespace tlaunch {
namespace {

std::vector<BarRow> take_first(std::vector<BarRow>& rows, std::size_t count) {
  const auto end = rows.begin() + static_cast<std::ptrdiff_t>(std::min(count, rows.size()));
  std::vector<BarRow> taken(std::make_move_iterator(rows.begin()), std::make_move_iterator(end));
  rows.erase(rows.begin(), end);
  return taken;
}

}  // namespace

bool is_blank(std::string_view text) { return clean_text(text).find_first_not_of(' ') == std::string::npos; }

void BarRows::draw(std::string_view text) {
  const auto at = static_cast<std::size_t>(cursor_);
  if (rows_.size() <= at) rows_.resize(at + 1);
  BarRow& row = rows_[at];
  if (row.text != text) row = {std::string(is_blank(text) ? "" : text)};
}

std::vector<BarRow> BarRows::down() {
  ups_ = 0;
  if (cursor_ < depth_) {
    ++cursor_;
    return {};
  }
  return take_first(rows_, 1);
}

std::vector<BarRow> BarRows::take_above() {
  ups_ = 0;
  std::vector<BarRow> above = take_first(rows_, static_cast<std::size_t>(cursor_));
  if (!rows_.empty()) rows_.erase(rows_.begin());
  cursor_ = 0;
  return above;
}

void BarRows::up(int rows) {
  const int to = std::clamp(rows, 0, most - 1);
  ups_ = std::min(ups_ + to, most - 1);
  depth_ = std::max(depth_, ups_);
  for (int i = 0; i < to; ++i) {
    if (cursor_ > 0)
      --cursor_;
    else
      rows_.insert(rows_.begin(), BarRow{});  // the bar above had been treated as a line
  }
  if (rows_.size() > static_cast<std::size_t>(depth_) + 1) rows_.resize(static_cast<std::size_t>(depth_) + 1);
}

std::vector<BarRow> BarRows::take_all() {
  cursor_ = 0;
  return take_first(rows_, rows_.size());
}

}  // namespace tlaunch
