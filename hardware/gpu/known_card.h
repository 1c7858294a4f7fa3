// Looks up a card that is not in this machine by its name, for `tlaunch tune --gpu NAME[:MEMORY]`. Pure.
#pragma once

#include <string>

#include "hardware/profile.h"

namespace tlaunch {

// `text` is an id of configs/gpus.yaml or a name as people or the driver write it, with or without the memory:
// "rtx_3060:12GB", "RTX 3060", "3060 8GB", "NVIDIA A100-SXM4-80GB". Without the memory it means the usual version.
// Memory is the maker's figure, all of it free; the UUID is empty. Throws UsageError for an unknown card (the message
// suggests similar names) and for a memory size that the card is not made with (the message lists the existing ones).
GpuInfo known_card(const std::string& text);

}  // namespace tlaunch
