// A table in plain text: columns two spaces apart, each as wide as its widest cell. Pure.
#pragma once

#include <string>
#include <vector>

namespace tlaunch {

class TextTable {
 public:
  // Without a head there are only rows.
  explicit TextTable(std::vector<std::string> head = {}) : head_(std::move(head)) {}
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // The lines, each with its newline. A column that is empty in all rows is left out. "" without rows.
  std::string text() const;

 private:
  std::vector<std::string> head_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tlaunch
