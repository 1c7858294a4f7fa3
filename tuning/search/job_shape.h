// What the choices need to know about a job besides its config.
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
  std::optional<std::int64_t> omp_num_threads = {};  // from the environment, if the user has set it
  // If the config says auto: that of the resumed run, which may not change. None: a new run.
  std::optional<std::int64_t> effective_batch_size = {};
  // Of the rank with the fewest, if ranks are pinned to parts of the machine. None: they share the allowed cores.
  std::optional<std::int64_t> cores_per_rank = {};
  std::int64_t train_samples = 0;  // 0: not known; an effective batch that is auto has no more than this
};

// Cores per rank, at least one. Assumes that all ranks are on this machine.
std::int64_t cores_of_a_rank(const HardwareProfile& hardware, const JobShape& job);

}  // namespace tlaunch
