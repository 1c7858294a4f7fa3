// Whether the disk holds what the run will write, before the first step and before each save. Bytes.
#pragma once

#include <string>

#include "checkpoint/folder/disk_need.h"

namespace tlaunch {

struct DiskPreflight {
  std::string checkpoint_dir, run_dir;  // both exist
  RetentionPolicy policy;
  SavePlan saves;
  std::uint64_t log_bytes = 0;       // metrics, TensorBoard and events, in run_dir
  std::uint64_t min_free_bytes = 0;  // must stay free beside all that
  bool fit = false;                  // take a policy that fits, where the asked one does not
};

// The policy to go on with: the asked one, or what fits. Throws UsageError with what is needed, what is free, and the
// policy that would fit.
RetentionPolicy check_disk(const DiskPreflight& preflight);

// Before a save of `bytes` to `dir`: throws IoError, as a full disk does, where it would leave less than
// `min_free_bytes`.
void check_free(const std::string& dir, std::uint64_t bytes, std::uint64_t min_free_bytes);

// checkpoint.min_free_gb; 0: none is asked for.
std::uint64_t min_free_bytes(const CheckpointConfig& config);

}  // namespace tlaunch
