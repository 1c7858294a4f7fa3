// How much of the processor time that this process may use went to others. Pure but for cpu_reading_now().
#pragma once

#include <optional>
#include <vector>

#include "hardware/file_reader.h"

namespace tlaunch {

// Since some moment, in seconds of processor time. Two readings tell what happened between them.
struct CpuReading {
  double total_s = 0;  // that there was: of the allowed cores, or by the group's quota
  double busy_s = 0;   // of that, used by anybody; what a hypervisor gave to other machines is in neither
  double own_s = 0;    // of that, by this process and by all its descendants that have ended
};

// Shares of the time, 0 to 1.
struct CpuLoad {
  double others = 0, idle = 0;
};

// From /proc/stat, for `cores`; where a quota allows less than those, from the control group that sets it, so that
// others are those of that group. `now_s`: any clock that goes on. Nothing where the files do not tell.
std::optional<CpuReading> cpu_reading(const FileReader& read, const std::vector<int>& cores, double now_s,
                                      double own_s);
std::optional<CpuReading> cpu_reading_now();

// Nothing where a reading is missing, or hardly any time lies between them.
std::optional<CpuLoad> load_between(const std::optional<CpuReading>& before, const std::optional<CpuReading>& after);

}  // namespace tlaunch
