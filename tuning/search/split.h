// Puts a batch split into the draft: into its settings, and into the plan with its reason. Shared by the stages that
// choose a batch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tuning/search/batch_candidates.h"
#include "tuning/search/draft.h"
#include "tuning/search/lab.h"
#include "tuning/search/memory_model.h"

namespace tlaunch {

// The splits that the config leaves open, ascending by micro-batch, at least one. `memory_forces`: also the small ones
// that are only worth it if memory is short.
std::vector<BatchSplit> open_splits(const Lab& lab, bool memory_forces);

void choose(const Lab& lab, Draft& draft, const BatchSplit& split, const std::string& reason, Json evidence);
// Chooses the largest candidate up to `most`, because memory allows no more. Returns false if there is none.
bool choose_within_memory(const Lab& lab, Draft& draft, const MemoryModel& memory, std::int64_t most);

}  // namespace tlaunch
