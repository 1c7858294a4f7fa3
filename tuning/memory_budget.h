// How much memory one rank may plan with. Bytes. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "hardware/profile.h"
#include "tuning/prior.h"

namespace tlaunch {

// On GPUs: the least free memory over the cards in use, less the tier's margin of the card's whole memory; never above
// 90 % of it: the rest is for fragmentation. On the CPU: the ranks share what is available, less `cpu_margin` of the limit, never above 90
// % of the limit. `margin` (tune.margin) replaces the tier's.
std::uint64_t memory_budget_bytes(const HardwareProfile& hardware, const JobShape& job, std::optional<double> margin);

}  // namespace tlaunch
