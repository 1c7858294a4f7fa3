// What a run takes of the disk, before it starts. Pure. Bytes.
#pragma once

#include <cstdint>

#include "checkpoint/folder/disk_need.h"
#include "config/run_config.h"
#include "estimate/work.h"

namespace tlaunch {

struct DiskEstimate {
  std::uint64_t checkpoint_bytes = 0;  // of one
  // Checkpoints and logs; `peak` while one more is written. Low: the newest is always among the best; else it is a file
  // beside them.
  std::uint64_t peak_bytes = 0, final_bytes = 0, peak_low_bytes = 0, final_low_bytes = 0;
  LogBytes logs;
  std::int64_t checkpoints = 0;  // written in all
};

// `config`: no `auto` is left in it. `checkpoint_bytes`: of one.
DiskEstimate estimate_disk(const RunConfig& config, const Work& work, std::uint64_t checkpoint_bytes);

}  // namespace tlaunch
