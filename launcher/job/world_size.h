// How many ranks, and on what. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hardware/profile.h"

namespace tlaunch {

struct World {
  std::int64_t size = 1;
  bool on_gpu = false;
};

// nproc: auto = number of GPUs, or 1 on the CPU; gpu = number of GPUs; cpu = the allowed cores, on the CPU; a number:
// on GPUs where there are at least that many, on the CPU where there are none. Throws UsageError otherwise.
// `share_cards`: a number may be larger than that of the GPUs, whose ranks then share them.
World world_of(const std::string& nproc, const HardwareProfile& hardware, bool share_cards = false);

// Ranks of a plain program, which may use GPUs or not: 1 where nothing is said, as torchrun; a number as it is; else as
// above. `as_torchrun`: auto without a GPU is one rank an allowed core.
std::int64_t program_ranks(const std::optional<std::string>& nproc, const HardwareProfile& hardware, bool as_torchrun);

}  // namespace tlaunch
