// The number of ranks and their device. Pure.
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

// nproc: auto = number of GPUs, or 1 on the CPU; gpu = number of GPUs; cpu = number of allowed cores, on the CPU; a
// number: on GPUs if there are at least that many, on the CPU if there are none. Throws UsageError otherwise.
// `share_cards`: the number may be larger than the number of GPUs; the ranks then share them.
World world_of(const std::string& nproc, const HardwareProfile& hardware, bool share_cards = false);

// Ranks of a plain program, which may or may not use GPUs: 1 by default, as under torchrun; a number as given;
// otherwise as above. `as_torchrun`: auto without a GPU is one rank per allowed core.
std::int64_t program_ranks(const std::optional<std::string>& nproc, const HardwareProfile& hardware, bool as_torchrun);

}  // namespace tlaunch
