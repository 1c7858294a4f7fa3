// How much memory one rank may use. Bytes. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "hardware/profile.h"
#include "tuning/prior.h"

namespace tlaunch {

// On GPUs: the least free memory over the cards in use, less the margin, which is the tier's share of the card's total
// memory; never above 90 % of the total, as the rest is for fragmentation. On the CPU: the ranks share the available
// memory, less 10 % of the memory limit; never above 90 % of the limit. `margin` (tune.margin) replaces either margin.
std::uint64_t memory_budget_bytes(const HardwareProfile& hardware, const JobShape& job, std::optional<double> margin);

}  // namespace tlaunch
