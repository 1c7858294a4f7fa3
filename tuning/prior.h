// The prior: what `auto` becomes before anything is measured. A documented table by tier (docs/tuning.md) and rules a
// person can follow; each choice carries its reason. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "contract/plan.h"
#include "hardware/profile.h"
#include "tuning/search/job_shape.h"

namespace tlaunch {

// What to tell the user where one of `cards` cannot compute in this precision; nothing where all can. cuDNN has no bf16
// convolutions below capability 8.0. Pure.
std::optional<std::string> precision_problem(const std::vector<GpuInfo>& cards, Precision precision);

// Decides batch_size, gradient_accumulation_steps, mixed_precision, tf32, cudnn_benchmark, channels_last, num_workers,
// prefetch_factor, pin_memory, threads_per_rank, log_interval, gpu_log_interval, and save_interval where that is auto;
// lists effective_batch_size too, and where that is auto decides it, with the learning_rate that follows. What the user
// fixed, in the config or by OMP_NUM_THREADS, is listed with origin user and never changed. Throws UsageError where the
// product rule cannot hold, or a card cannot compute in the precision that is fixed.
Plan prior_plan(const RunConfig& config, const HardwareProfile& hardware, const JobShape& job);

}  // namespace tlaunch
