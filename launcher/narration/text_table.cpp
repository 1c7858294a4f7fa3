#include "launcher/narration/text_table.h"

#include <algorithm>

namespace tlaunch {

std::string TextTable::text() const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  for (std::size_t c = 0; c < std::min(widths.size(), head_.size()); ++c)
    if (widths[c] > 0) widths[c] = std::max(widths[c], head_[c].size());
  std::string text;
  const auto add = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t c = 0; c < cells.size() && c < widths.size(); ++c)
      if (widths[c] > 0) line += cells[c] + std::string(widths[c] + 2 - cells[c].size(), ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  if (!rows_.empty() && !head_.empty()) add(head_);
  for (const auto& row : rows_) add(row);
  return text;
}

}  // namespace tlaunch
