// Stores the outcome of tuning for the same job on the same machine: <cache folder>/plans/<hash>.json.
#pragma once

#include <optional>

#include "launcher/job/job.h"
#include "tuning/tuner.h"

namespace tlaunch {

// Everything that the choice depends on: the config without the keys that do not affect a step (length of the run,
// intervals of evaluations and saves, names), the worker's binary, the cards or the CPU, driver, LibTorch, ranks, and
// the memory budget in bands (each is wider than the one before by the square root of two). `config`: that of the job
// with the settings of a team file.
Json plan_cache_key(const Job& job, const RunConfig& config, std::uint64_t budget_bytes);

// The outcome stored for this key, or for the key with a neighbouring band of memory (the trial that checks a stored
// plan finds out whether it fits the present budget). Nothing if there is none, if it cannot be read, or if the file
// belongs to another key.
std::optional<TuneOutcome> read_plan_cache(const Json& key);
void write_plan_cache(const Json& key, const TuneOutcome& outcome);

}  // namespace tlaunch
