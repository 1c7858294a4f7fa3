// A card that is not in this machine, by its name: for `tlaunch tune --gpu NAME[:MEMORY]`. Pure.
#pragma once

#include <string>

#include "hardware/profile.h"

namespace tlaunch {

// `text` is an id of configs/gpus.yaml or a name as people or the driver write it, with or without the memory:
// "rtx_3060:12GB", "RTX 3060", "3060 8GB", "NVIDIA A100-SXM4-80GB". Without it the usual version is meant. Memory is
// the maker's figure, all of it free; the UUID is empty. Throws UsageError for an unknown card (with names near it) and
// for a memory which that card was not made with (with those it was).
GpuInfo known_card(const std::string& text);

}  // namespace tlaunch
