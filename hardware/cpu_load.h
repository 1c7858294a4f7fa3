// The share of this process's allowed processor time that other processes used. Pure except cpu_reading_now().
#pragma once

#include <optional>
#include <vector>

#include "hardware/file_reader.h"

namespace tlaunch {

// Seconds of processor time since a fixed moment. The difference of two readings is what happened between them.
struct CpuReading {
  double total_s = 0;  // available: of the allowed cores, or by the group's quota
  double busy_s = 0;   // used by any process; total_s and busy_s exclude what a hypervisor gave to other machines
  double own_s = 0;    // used by this process and by all its descendants that have ended
};

// Shares of the time, 0 to 1.
struct CpuLoad {
  double others = 0, idle = 0;
};

// From /proc/stat, for `cores`. If a quota allows less than those, the figures are of the control group that sets the
// quota, and "others" are the other processes of that group. `now_s`: any monotonic clock. Nothing if the files lack
// the figures.
std::optional<CpuReading> cpu_reading(const FileReader& read, const std::vector<int>& cores, double now_s,
                                      double own_s);
std::optional<CpuReading> cpu_reading_now();

// Nothing if a reading is missing, or less than 0.2 s of processor time lies between them.
std::optional<CpuLoad> load_between(const std::optional<CpuReading>& before, const std::optional<CpuReading>& after);

}  // namespace tlaunch
