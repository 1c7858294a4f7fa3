// Memory of this process as the kernel counts it (/proc/self/status). Bytes; 0 if it cannot be read.
#pragma once

#include <cstdint>

namespace tlaunch {

std::uint64_t resident_bytes();  // VmRSS
std::uint64_t data_bytes();      // VmData: private writable mappings, what RLIMIT_DATA limits
std::uint64_t peak_rss_bytes();  // VmHWM, since the start or the last reset
void reset_peak_rss();           // if the kernel does not allow it, the peak remains that since the start
// Gives freed heap back to the system, so that it does not count in the next peak.
void trim_heap();

}  // namespace tlaunch
