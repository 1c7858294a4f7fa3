// A plan that an earlier run measured, checked before it is used again.
#pragma once

#include <optional>

#include "tuning/tuner.h"

namespace tlaunch {

// Runs one rehearsal (estimate/pace.h) with the settings of `kept`, applied to `config`. Returns the outcome to use,
// its choices of origin `cache`; nothing if the settings fail, or exceed the memory budget (0: not known).
std::optional<TuneOutcome> verify_cached(const RunConfig& config, const TuneOutcome& kept, std::uint64_t budget_bytes,
                                         double rehearsal_s, TrialRunner& runner, const TuneCallbacks& callbacks);

// Marks measured choices as coming from the cache. Their reasons and figures stay.
Plan from_cache(Plan plan);

}  // namespace tlaunch
