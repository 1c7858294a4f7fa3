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

// One section for the device, if it has operations, and one for the host, each sorted by time. The host's times are own
// times: the operations that an operation calls are not in its time. Milliseconds per step; at most `rows` names per
// section.
std::string profile_table(std::vector<ProfiledOp> ops, std::int64_t steps, std::size_t rows = 30);

}  // namespace tlaunch
