// File names with values in them, such as "epoch_{epoch:02d}-val_loss={val_loss:.3f}". A field is {NAME} or
// {NAME:FORMAT}; FORMAT is [0][WIDTH][.PRECISION][d|f|e|g], as in Python. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tlaunch {

class NameTemplate {
 public:
  // Throws UsageError for an unclosed brace, an invalid format, '/' or a leading dot.
  explicit NameTemplate(const std::string& text);
  std::vector<std::string> names() const;  // of all fields, in order, with repetitions
  // A field without a value becomes "none". A value becomes characters of [0-9.+-_a-z] only.
  std::string fill(const std::map<std::string, double>& values) const;

 private:
  struct Part {
    std::string literal{}, name{};  // either a text or a field
    bool zeros = false;
    int width = 0, precision = -1;
    char type = 0;  // 0: the shortest form
  };
  static Part parse_field(const std::string& field);
  std::vector<Part> parts_;
};

}  // namespace tlaunch
