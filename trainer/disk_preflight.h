// Before the first step: whether the disk holds what the run will write. Bytes.
#pragma once

#include <string>

#include "checkpoint/disk_need.h"

namespace tlaunch {

struct DiskPreflight {
  std::string checkpoint_dir, run_dir;   // both exist
  RetentionPolicy policy;
  SavePlan saves;
  std::uint64_t log_bytes = 0;           // metrics, TensorBoard and events, in run_dir
  bool fit = false;                      // take a policy that fits, where the asked one does not
};

// The policy to go on with: the asked one, or what fits. Throws UsageError with what is needed, what is free, and the
// policy that would fit.
RetentionPolicy check_disk(const DiskPreflight& preflight);

// Of `logged_steps` lines.
std::uint64_t log_bytes(std::int64_t logged_steps);

}  // namespace tlaunch
