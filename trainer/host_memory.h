// Peak resident set of this process, from /proc.
#pragma once

#include <cstdint>

namespace tlaunch {

std::uint64_t peak_rss_bytes();  // VmHWM; 0 where /proc does not tell
void reset_peak_rss();           // writes 5 to /proc/self/clear_refs; where that is not allowed the peak is the process's whole life's

}  // namespace tlaunch
