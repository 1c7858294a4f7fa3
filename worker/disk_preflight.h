// Checks that the disk has room for what the run will write, before the first step and before each save. Sizes in
// bytes.
#pragma once

#include <string>

#include "checkpoint/folder/disk_need.h"

namespace tlaunch {

struct DiskPreflight {
  std::string checkpoint_dir, run_dir;  // both exist
  RetentionPolicy policy;
  SavePlan saves;
  std::uint64_t log_bytes = 0;       // metrics, TensorBoard and events, in run_dir
  std::uint64_t min_free_bytes = 0;  // must stay free in addition
  bool fit = false;                  // choose a policy that fits if the given one does not
};

// Returns the policy to use: the given one, or one that fits. Throws UsageError that names the space needed, the free
// space and a policy that would fit.
RetentionPolicy check_disk(const DiskPreflight& preflight);

// Before a save of `bytes` to `dir`: throws IoError with ENOSPC, like a full disk, if less than `min_free_bytes` would
// stay free.
void check_free(const std::string& dir, std::uint64_t bytes, std::uint64_t min_free_bytes);

// checkpoint.min_free_gb in bytes; 0 if it is not set.
std::uint64_t min_free_bytes(const CheckpointConfig& config);

}  // namespace tlaunch
