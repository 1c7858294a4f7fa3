#include "worker/disk_preflight.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
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
  return format_text("checkpoint.save_top_k={} checkpoint.save_last={}", policy.save_top_k,
                     policy.save_last ? "true" : "false");
}

std::string way_out(const DiskPreflight& preflight, std::uint64_t free_bytes) {
  if (const auto fits = policy_that_fits(preflight.policy, preflight.saves, free_bytes))
    return policy_text(*fits) + " fits (--fit-disk applies it)";
  return "not even one checkpoint fits beside the one being written: "
         "free some space, or set checkpoint.dirpath to another disk";
}

}  // namespace

std::uint64_t min_free_bytes(const CheckpointConfig& config) {
  return static_cast<std::uint64_t>(std::llround(config.min_free_gb.value_or(0) * 1e9));
}

void check_free(const std::string& dir, std::uint64_t bytes, std::uint64_t min_free_bytes) {
  const auto there = min_free_bytes > 0 ? disk_info(dir).free_bytes : std::nullopt;
  if (!there || *there >= bytes + min_free_bytes) return;
  throw IoError(format_text("cannot write to {}: the checkpoint takes {}, {} are free, "
                            "and checkpoint.min_free_gb keeps {} free",
                            dir, format_bytes(bytes), format_bytes(*there), format_bytes(min_free_bytes)),
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
  const std::string also_logs = logs > 0 ? format_text(" and {} of logs", format_bytes(logs)) : "";
  const std::string message =
      format_text("the disk of {} is too small: this run will write up to {} there ({} checkpoints of {}){}", dir,
                  format_bytes(need), files, format_bytes(preflight.saves.checkpoint_bytes), also_logs);
  if (!refusal.empty())
    throw UsageError(
        format_text("{}, but the system refuses to reserve that: {} ({} are free; a quota may be the reason). "
                    "Keep fewer checkpoints (checkpoint.save_top_k) or set checkpoint.dirpath to another disk",
                    message, refusal, format_bytes(*there)));
  if (preflight.fit)
    if (const auto fits = policy_that_fits(preflight.policy, preflight.saves, room)) return *fits;
  const std::string must_stay_free =
      preflight.min_free_bytes > 0
          ? format_text(" and must leave {} free (checkpoint.min_free_gb)", format_bytes(preflight.min_free_bytes))
          : "";
  throw UsageError(format_text("{}{}, but only {} are free; {}", message, must_stay_free, format_bytes(*there),
                               way_out(preflight, room)));
}

}  // namespace tlaunch
