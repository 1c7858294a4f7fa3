// Measures how fast a folder takes data that is written and flushed to the disk, as a checkpoint is. Writes up to
// 64 MiB into an unnamed file (unnamed_file.h), so no file is left behind whatever happens.
#pragma once

#include <optional>
#include <string>

namespace tlaunch {

struct DiskSpeed {
  std::optional<double> write_bytes_per_s;
  std::string problem;  // why the speed is missing
};

// Takes about 0.5 s at most, unless a single flush takes longer.
DiskSpeed measure_write_speed(const std::string& folder);

}  // namespace tlaunch
