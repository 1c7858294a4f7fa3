// Main memory that this process may use: the smallest of the machine's memory, the limits of its control group and of
// those around it, and the process's own limits. Bytes. Pure except process_limits().
#pragma once

#include <cstdint>
#include <optional>

#include "hardware/file_reader.h"

namespace tlaunch {

struct MemoryInfo {
  std::uint64_t limit_bytes = 0;      // 0: unknown
  std::uint64_t available_bytes = 0;  // the part of the limit that is free or can be freed at once (page cache)
};

// RLIMIT_AS and RLIMIT_DATA; empty if unlimited.
struct ProcessLimits {
  std::optional<std::uint64_t> address_space_bytes, data_bytes;
};

ProcessLimits process_limits();

MemoryInfo memory_info(const FileReader& read, const ProcessLimits& limits);

// The number of processes that the kernel has killed because memory ran out: in this process's control group (v2
// memory.events, v1 memory.oom_control), or, if the group has no count, on the whole machine. Nothing if the kernel
// does not count. If it rises while a child process was killed, the child ran out of memory.
std::optional<std::uint64_t> oom_kills(const FileReader& read);

}  // namespace tlaunch
