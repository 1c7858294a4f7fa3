// A table in plain text: columns two spaces apart, each as wide as its widest cell. Pure.
#pragma once

#include <string>
#include <vector>

namespace tlaunch {

class TextTable {
 public:
  // An empty head: rows alone.
  explicit TextTable(std::vector<std::string> head = {}) : head_(std::move(head)) {}
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // Lines with their newlines; a column that no row has anything in is left out. "" without rows.
  std::string text() const;

 private:
  std::vector<std::string> head_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tlaunch
