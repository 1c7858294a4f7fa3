// The prior: the values that `auto` gets before anything is measured, by a documented table (docs/tuning.md) and by
// rules that a person can follow. Each choice has its reason. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "contract/plan.h"
#include "hardware/profile.h"
#include "tuning/search/job_shape.h"

namespace tlaunch {

// The message for a user if one of `cards` cannot compute in this precision; nothing if all can. cuDNN has no bf16
// convolutions below compute capability 8.0.
std::optional<std::string> precision_problem(const std::vector<GpuInfo>& cards, Precision precision);

// Decides batch_size, gradient_accumulation_steps, mixed_precision, tf32, cudnn_benchmark, channels_last, num_workers,
// prefetch_factor, pin_memory, threads_per_rank, log_interval, gpu_log_interval, and save_interval if that is auto.
// Lists effective_batch_size too; if that is auto, decides it with the learning_rate that follows. Values that the user
// fixed, in the config or by OMP_NUM_THREADS, are listed with origin user and never changed. Throws UsageError if the
// product rule cannot hold, or if a card cannot compute in the precision that is fixed.
Plan prior_plan(const RunConfig& config, const HardwareProfile& hardware, const JobShape& job);

}  // namespace tlaunch
