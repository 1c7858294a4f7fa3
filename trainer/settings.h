// The config that a worker runs with: every `auto` is decided, by the launcher's plan or, for a worker started by hand,
// by safe defaults.
#pragma once

#include <string>
#include <vector>

#include "config/config_loader.h"
#include "trainer/ranks/context.h"

namespace tlaunch {

struct WorkerSettings {
  RunConfig config;
  std::uint64_t memory_budget_bytes = 0;  // of this rank; 0: no cap
  double samples_per_s = 0;               // measured for the plan's choices, over all ranks; 0: not known
};

// Reads CONFIG and key=value overrides against this worker's description and applies context.plan_path. Throws
// UsageError.
WorkerSettings worker_settings(const WorkerContext& context, const WorkerDescription& worker, const std::string& path,
                               const std::vector<std::string>& overrides);

// Replaces every remaining `auto`: precision off, no TF32, no cudnn.benchmark, plain layout, one loader thread, log
// every 10 steps, an effective batch of 256 or the closest number to it with its learning rate
// (config/effective_batch.h), and the largest micro-batch up to 128 that the product rule allows. Pure.
RunConfig with_safe_defaults(RunConfig config, int world_size);

}  // namespace tlaunch
