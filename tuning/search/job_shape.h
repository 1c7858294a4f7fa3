// What the choices need to know of a job beside its config.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hardware/profile.h"

namespace tlaunch {

struct JobShape {
  std::string sample_kind;  // "image" or "keys"
  bool on_gpu = false;
  std::int64_t world_size = 1;
  std::optional<std::int64_t> omp_num_threads = {};  // of the environment, where the user has set it
  // Where the config leaves it to auto: that of the run which is resumed, and may not change. None: a new run.
  std::optional<std::int64_t> effective_batch_size = {};
  // Of the rank that has fewest, where ranks are pinned to parts of the machine. None: they share the allowed ones.
  std::optional<std::int64_t> cores_per_rank = {};
  std::int64_t train_samples = 0;  // 0: not known; an effective batch left to auto has no more
};

// Cores for each rank, at least one; all ranks are taken to be on this machine.
std::int64_t cores_of_a_rank(const HardwareProfile& hardware, const JobShape& job);

}  // namespace tlaunch
