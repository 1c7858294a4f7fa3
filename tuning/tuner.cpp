#include "tuning/tuner.h"

#include "base/error.h"
#include "tuning/search.h"

namespace tlaunch {

TuneOutcome tune(const TuneInput& input, TrialRunner& runner, const TuneCallbacks& callbacks) {
  Search search(input, runner, callbacks);
  search.measure_memory();
  search.choose_threads();
  search.choose_switches();
  search.choose_batch();
  search.choose_loading();
  search.verify();
  search.choose_log_intervals();
  search.choose_save_interval();
  return search.outcome();
}

Demand measure_demand(const TuneInput& input, TrialRunner& runner, const TuneCallbacks& callbacks) {
  Search search(input, runner, callbacks);
  search.measure_line();
  if (!search.line())
    throw UsageError(
        "the memory a sample needs could not be measured on this machine (tlaunch probe shows what it has)");
  return {*search.line(), search.facts().parameters};
}

}  // namespace tlaunch
