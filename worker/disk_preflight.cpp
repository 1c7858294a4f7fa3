#include "worker/disk_preflight.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "base/error.h"
#include "base/units.h"
#include "hardware/disk.h"
#include "hardware/disk_reserve.h"

namespace tlaunch {
namespace {

bool same_disk(const std::string& a, const std::string& b) {
  struct stat one = {}, other = {};
  return stat(a.c_str(), &one) == 0 && stat(b.c_str(), &other) == 0 && one.st_dev == other.st_dev;
}

std::string policy_text(const RetentionPolicy& policy) {
  return "checkpoint.save_top_k=" + std::to_string(policy.save_top_k) +
         " checkpoint.save_last=" + (policy.save_last ? "true" : "false");
}

std::string way_out(const DiskPreflight& preflight, std::uint64_t free_bytes) {
  if (const auto fits = policy_that_fits(preflight.policy, preflight.saves, free_bytes))
    return policy_text(*fits) + " fits (--fit-disk applies it)";
  return "not even one checkpoint beside the one being written fits: free some, or set checkpoint.dirpath elsewhere";
}

}  // namespace

std::uint64_t min_free_bytes(const CheckpointConfig& config) {
  return static_cast<std::uint64_t>(std::llround(config.min_free_gb.value_or(0) * 1e9));
}

void check_free(const std::string& dir, std::uint64_t bytes, std::uint64_t min_free_bytes) {
  const auto there = min_free_bytes > 0 ? disk_info(dir).free_bytes : std::nullopt;
  if (!there || *there >= bytes + min_free_bytes) return;
  throw IoError("cannot write to " + dir + ": " + format_bytes(*there) + " are free and the checkpoint takes " +
                    format_bytes(bytes) + "; checkpoint.min_free_gb keeps " + format_bytes(min_free_bytes) + " free",
                ENOSPC);
}

RetentionPolicy check_disk(const DiskPreflight& preflight) {
  const std::string& dir = preflight.checkpoint_dir;
  const std::uint64_t logs = same_disk(dir, preflight.run_dir) ? preflight.log_bytes : 0;
  const std::uint64_t need = bytes_to_come(preflight.policy, preflight.saves);
  const auto there = disk_info(dir).free_bytes;
  if (need == 0 || !there) return preflight.policy;
  const std::uint64_t room = *there - std::min(*there, logs + preflight.min_free_bytes);
  const std::string refusal = need <= room ? cannot_reserve(dir, need) : "";
  if (need <= room && refusal.empty()) return preflight.policy;

  const auto files = files_at_peak(preflight.policy, preflight.saves) - preflight.saves.kept_now;
  std::string message = "the disk of " + dir + " is too small: this run will write up to " + format_bytes(need) +
                        " there (" + std::to_string(files) + " checkpoints of " +
                        format_bytes(preflight.saves.checkpoint_bytes) + ")" +
                        (logs > 0 ? " and " + format_bytes(logs) + " of logs" : "");
  if (!refusal.empty())
    throw UsageError(message + ", and the system does not reserve that: " + refusal + " (" + format_bytes(*there) +
                     " are free; a quota?); keep fewer (checkpoint.save_top_k) or set checkpoint.dirpath elsewhere");
  if (preflight.fit)
    if (const auto fits = policy_that_fits(preflight.policy, preflight.saves, room)) return *fits;
  if (preflight.min_free_bytes > 0)
    message += " and leave " + format_bytes(preflight.min_free_bytes) + " free (checkpoint.min_free_gb)";
  throw UsageError(message + ", " + format_bytes(*there) + " are free; " + way_out(preflight, room));
}

}  // namespace tlaunch
