// How fast a folder takes data that must last, as a checkpoint does: written and flushed to the disk. Writes up to
// 64 MiB into a file that never has a name, or has lost it at once, so nothing is left behind whatever happens.
#pragma once

#include <optional>
#include <string>

namespace tlaunch {

struct DiskSpeed {
  std::optional<double> write_bytes_per_s;
  std::string problem;  // why there is no figure
};

// Takes about 0.5 s at most, unless the disk holds a single flush up for longer.
DiskSpeed measure_write_speed(const std::string& folder);

}  // namespace tlaunch
