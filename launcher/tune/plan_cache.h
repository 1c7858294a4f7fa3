// What tuning found, kept for the same job on the same machine: <cache folder>/plans/<hash>.json.
#pragma once

#include <optional>

#include "launcher/job/job.h"
#include "tuning/tuner.h"

namespace tlaunch {

// All that the choice depends on: the config without what does not touch a step (length of the run, intervals of
// evaluations and saves, names), the worker's binary, the cards or the CPU, driver, LibTorch, ranks, and the memory
// budget by bands, each the square root of two wide. `config`: the job's, with what a team file fixed.
Json plan_cache_key(const Job& job, const RunConfig& config, std::uint64_t budget_bytes);

// What was kept for this key, or for it in a neighbouring band of memory (the trial that checks a kept plan sees
// whether it fits today's budget). Nothing where it was not kept, cannot be read, or is another key's.
std::optional<TuneOutcome> read_plan_cache(const Json& key);
void write_plan_cache(const Json& key, const TuneOutcome& outcome);

}  // namespace tlaunch
