// A plan for a card that is not here: from what a sample needs on this machine, and that card's memory and capability.
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

// `line`: measured here in float32; `parameters`: of the model. Taken as needed there: 0.8 GB for the CUDA context,
// cuDNN and the allocator's blocks; each parameter four times (weight, gradient, two moments); each sample what it
// needs here, with mixed precision 0.7 of it (10 GB became 7 GB in a team's run). The largest batch of the product rule
// that fits is taken: never a smaller one for more memory at the same precision. Throws UsageError where none fits.
CardPrediction predict_for_card(const RunConfig& config, const GpuInfo& card, const std::string& sample_kind,
                                const MemoryLine& line, std::int64_t parameters);

}  // namespace tlaunch
