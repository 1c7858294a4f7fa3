// A plan for a card that this machine does not have, from the memory that a sample needs here, and from that card's
// memory and compute capability.
// Pure.
#pragma once

#include "config/run_config.h"
#include "contract/plan.h"
#include "hardware/profile.h"
#include "tuning/prior.h"
#include "tuning/search/memory_line.h"

namespace tlaunch {

struct CardPrediction {
  Plan plan;  // origin `predicted` for what was open
  std::uint64_t peak_bytes = 0, budget_bytes = 0;
};

// `line` was measured here in float32; `parameters` counts the model's. Assumed need on that card: 0.8 GB for the CUDA
// context, cuDNN and the allocator's blocks; four copies of each parameter (weight, gradient, two moments); per sample
// the bytes of `line`, or 0.7 of them with mixed precision (10 GB became 7 GB in a team's run). Takes the largest batch
// of the product rule that fits, so more memory at the same precision never gives a smaller batch. Throws UsageError if
// none fits. `cpu`: what the loader's threads are chosen for; without cores: one for each rank.
CardPrediction predict_for_card(const RunConfig& config, const GpuInfo& card, const std::string& sample_kind,
                                const MemoryLine& line, std::int64_t parameters, const CpuInfo& cpu = {});

}  // namespace tlaunch
