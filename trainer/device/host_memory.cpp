#include "trainer/device/host_memory.h"

#include <malloc.h>

#include <fstream>
#include <string>

namespace tlaunch {
namespace {

std::uint64_t status_bytes(const char* field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field)) return std::stoull(line.substr(line.find(':') + 1)) * 1024;  // the line says kB
  return 0;
}

}  // namespace

std::uint64_t resident_bytes() { return status_bytes("VmRSS:"); }
std::uint64_t data_bytes() { return status_bytes("VmData:"); }
std::uint64_t peak_rss_bytes() { return status_bytes("VmHWM:"); }
void reset_peak_rss() { std::ofstream("/proc/self/clear_refs") << "5"; }
void trim_heap() { malloc_trim(0); }

}  // namespace tlaunch
