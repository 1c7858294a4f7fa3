// Debian's package log (dpkg.log, format in dpkg(1)) as sessions: what happened to each package, in order of time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/dataset.h"

namespace tlaunch {

// The keys in order of their numbers: every action and state that dpkg writes ("install", "status unpacked", ...),
// even if a log does not contain it, so that a model fits every machine's log.
const std::vector<std::string>& dpkg_keys();

// Logs are added from the oldest to the newest.
class DpkgLog {
 public:
  // A last line without a newline is ignored: it is still being written, or it was cut off.
  void add(std::string_view text);

  // One session per package and architecture, in the order of their first appearance.
  SessionSet sessions() const;
  std::int64_t malformed_lines() const { return malformed_lines_; }

 private:
  bool add_line(std::string_view line);  // false if it is malformed

  std::unordered_map<std::string, std::size_t> package_numbers_;
  std::vector<std::vector<std::int32_t>> packages_;  // keys by package number
  std::int64_t malformed_lines_ = 0;
};

}  // namespace tlaunch
