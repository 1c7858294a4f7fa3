// Estimates the disk space that a run takes, before it starts. Pure. Bytes.
#pragma once

#include <cstdint>

#include "checkpoint/folder/disk_need.h"
#include "config/run_config.h"
#include "estimate/work.h"

namespace tlaunch {

struct DiskEstimate {
  std::uint64_t checkpoint_bytes = 0;  // size of one
  // Checkpoints and logs; `peak` while one more is written. Low: the newest checkpoint is always among the best; else
  // it is an additional file.
  std::uint64_t peak_bytes = 0, final_bytes = 0, peak_low_bytes = 0, final_low_bytes = 0;
  LogBytes logs;
  std::int64_t checkpoints = 0;  // number that the run writes
};

// `config`: no `auto` is left in it. `checkpoint_bytes`: size of one.
DiskEstimate estimate_disk(const RunConfig& config, const Work& work, std::uint64_t checkpoint_bytes);

}  // namespace tlaunch
