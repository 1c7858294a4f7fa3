#include "hardware/memory.h"

#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "hardware/cgroup.h"

namespace tlaunch {
namespace {

// A number of bytes; nothing for "max", an empty file or no file.
std::optional<std::uint64_t> number(const std::optional<std::string>& text) {
  std::uint64_t value = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end == text->data()) return std::nullopt;
  return value;
}

// The number after `key` at the start of a line: "MemTotal: 24684084 kB", "inactive_file 4096".
std::optional<std::uint64_t> keyed_number(const std::optional<std::string>& text, const std::string& key) {
  if (!text) return std::nullopt;
  for (const std::string& line : split_lines(*text)) {
    const std::vector<std::string> words = split_words(line);
    if (words.size() >= 2 && words[0] == key) return number(words[1]);
  }
  return std::nullopt;
}

struct CgroupFiles {
  const char *controller, *limit, *usage, *reclaimable;
};

// The group's usage includes page cache that was not touched lately, but the kernel frees that before it kills.
void apply_cgroup(const FileReader& read, const CgroupFiles& files, MemoryInfo& memory) {
  for (const std::string& folder : cgroup_folders(read, files.controller)) {
    const auto limit = number(read(folder + "/" + files.limit));
    if (!limit) continue;
    memory.limit_bytes = std::min(memory.limit_bytes, *limit);
    const auto usage = number(read(folder + "/" + files.usage));
    if (!usage) continue;
    const std::uint64_t cache = keyed_number(read(folder + "/memory.stat"), files.reclaimable).value_or(0);
    const std::uint64_t used = *usage - std::min(*usage, cache);
    memory.available_bytes = std::min(memory.available_bytes, *limit - std::min(*limit, used));
  }
}

std::optional<std::uint64_t> process_limit(int resource) {
  rlimit limit{};
  if (getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return std::nullopt;
  }
  return limit.rlim_cur;
}

}  // namespace

ProcessLimits process_limits() { return {process_limit(RLIMIT_AS), process_limit(RLIMIT_DATA)}; }

MemoryInfo memory_info(const FileReader& read, const ProcessLimits& limits) {
  constexpr std::uint64_t unknown = UINT64_MAX;
  MemoryInfo memory{unknown, unknown};
  const auto meminfo = read("/proc/meminfo");
  if (const auto total_kib = keyed_number(meminfo, "MemTotal:")) memory.limit_bytes = *total_kib * 1024;
  if (const auto free_kib = keyed_number(meminfo, "MemAvailable:")) memory.available_bytes = *free_kib * 1024;

  apply_cgroup(read, {"", "memory.max", "memory.current", "inactive_file"}, memory);
  apply_cgroup(read, {"memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"}, memory);
  for (const auto& limit : {limits.address_space_bytes, limits.data_bytes}) {
    if (limit) memory.limit_bytes = std::min(memory.limit_bytes, *limit);
  }

  if (memory.limit_bytes == unknown) memory.limit_bytes = 0;
  if (memory.available_bytes == unknown || memory.available_bytes > memory.limit_bytes) {
    memory.available_bytes = memory.limit_bytes;
  }
  return memory;
}

std::optional<std::uint64_t> oom_kills(const FileReader& read) {
  // Only the innermost group: v2 includes the groups below it, and v1 does not add a kill to the groups above.
  for (const auto& [controller, file] : {std::pair("memory", "/memory.oom_control"), std::pair("", "/memory.events")}) {
    const auto folders = cgroup_folders(read, controller);
    if (folders.empty()) continue;
    if (const auto count = keyed_number(read(folders.front() + file), "oom_kill")) return count;
  }
  return keyed_number(read("/proc/vmstat"), "oom_kill");
}

}  // namespace tlaunch
