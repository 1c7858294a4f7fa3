// Main memory this process may use: the least of what the machine has, what control groups allow on the way up, and
// what the process's own limits allow. Bytes. Pure but for process_limits().
#pragma once

#include <cstdint>
#include <optional>

#include "hardware/file_reader.h"

namespace tlaunch {

struct MemoryInfo {
  std::uint64_t limit_bytes = 0;      // 0: nothing is known
  std::uint64_t available_bytes = 0;  // of the limit, what is free or can be freed at once (page cache)
};

// RLIMIT_AS and RLIMIT_DATA; empty where unlimited.
struct ProcessLimits {
  std::optional<std::uint64_t> address_space_bytes, data_bytes;
};

ProcessLimits process_limits();

MemoryInfo memory_info(const FileReader& read, const ProcessLimits& limits);

// Processes that the kernel has killed for want of memory: of this process's control group (v2 memory.events, v1
// memory.oom_control), or where that is not told of the whole machine. Nothing where the kernel does not count. A rise
// while a child of ours was killed says why it was.
std::optional<std::uint64_t> oom_kills(const FileReader& read);

}  // namespace tlaunch
