// Collects the problems of a config, so that one run reports all of them, one per line:
//   file:line:column: key: what is wrong; expected ...; did you mean ...?
//   command line: key=value: what is wrong; ...
#pragma once

#include <string>
#include <tuple>
#include <vector>

namespace tlaunch {

// A place in a file (line and column from 1; 0: the whole file) or, if `override_text` is set, on the command line,
// where `column` is the number of the override.
struct Place {
  std::string file;
  int line = 0, column = 0;
  std::string override_text;  // "train.epochs=-1"
};

class ConfigProblems {
 public:
  // `key` may be "" (a problem of the file).
  void add(const Place& place, const std::string& key, const std::string& what);
  bool empty() const { return problems_.empty(); }
  // Each hint for an unknown key costs a search, so callers leave hints out after the last problem that is shown.
  bool full() const { return problems_.size() >= most_shown; }
  // Throws UsageError with all of them, in the order of the files' lines, the command line last; nothing if none.
  void throw_if_any() const;

 private:
  static constexpr std::size_t most_shown = 100;
  struct Problem {
    Place place;
    std::string line;
  };
  std::vector<Problem> problems_;
};

}  // namespace tlaunch
