// Profiled operations as a table for people: by name, the most expensive first. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tlaunch {

struct ProfiledOp {
  std::string name;
  std::uint64_t thread = 0;  // of the host; meaningless on a device
  std::int64_t start_ns = 0, end_ns = 0;
  bool on_device = false;
};

// With device time sorted by that, else by the host's own time: that of an operation without those it calls. Per step,
// in milliseconds; at most `rows` names.
std::string profile_table(std::vector<ProfiledOp> ops, std::int64_t steps, std::size_t rows = 30);

}  // namespace tlaunch
