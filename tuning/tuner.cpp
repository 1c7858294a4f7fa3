#include "tuning/tuner.h"

#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "tuning/search/batch.h"
#include "tuning/search/intervals.h"
#include "tuning/search/loading.h"
#include "tuning/search/memory.h"
#include "tuning/search/switches.h"
#include "tuning/search/verify.h"

namespace tlaunch {
namespace {

TuneOutcome outcome_of(const Lab& lab, const Verified& verified, Plan plan) {
  const TuneInput& input = lab.input();
  TuneOutcome outcome;
  outcome.plan = std::move(plan);
  outcome.predicted_peak_bytes = verified.memory.predicted_peak_bytes;
  outcome.measured_peak_bytes = verified.measured_peak_bytes;
  outcome.budget_bytes = input.budget_bytes;
  outcome.samples_per_s = verified.samples_per_s;
  outcome.pace = verified.pace;
  outcome.trials = lab.trials();
  outcome.seconds = lab.elapsed_s();
  outcome.interrupted = lab.interrupted();
  outcome.unfinished = lab.unfinished();
  outcome.notes = lab.notes();
  const Choice *before = input.prior.find("train.batch_size"), *chosen = outcome.plan.find("train.batch_size");
  if (lab.side_figures().facts.batch_norm && before && before->value != chosen->value)
    outcome.notes.push_back(
        format_text("the model has BatchNorm, so micro-batch {} trains a little differently from the table's; "
                    "tune.keep_micro_batch=true keeps the table's, train.batch_size=N sets your own",
                    chosen->value.dump()));
  if (lab.interrupted())
    outcome.notes.push_back(
        "tuning was interrupted: the plan so far is used, and settings that were not measured keep the table's values");
  return outcome;
}

}  // namespace

TuneOutcome tune(const TuneInput& input, TrialRunner& runner, const TuneCallbacks& callbacks) {
  Lab lab(input, runner, callbacks);
  const Measured measured = measure_memory(lab, nothing_measured(lab));
  const Draft threads = choose_threads(lab, measured);
  const Draft switches = choose_switches(lab, threads, measured.memory);
  const BatchChoice batch = choose_batch(lab, switches, measured.memory);
  const LoadingChoice loading = choose_loading(lab, batch);
  const Verified verified = verify(lab, loading, batch.memory);
  return outcome_of(lab, verified, choose_intervals(lab, verified));
}

Demand measure_demand(const TuneInput& input, TrialRunner& runner, const TuneCallbacks& callbacks) {
  Lab lab(input, runner, callbacks);
  const auto line = measure_line(lab, nothing_measured(lab)).measured.memory.line;
  if (!line)
    throw UsageError("the memory that a sample needs could not be measured on this machine (see tlaunch probe)");
  return {*line, lab.side_figures().facts.parameters};
}

}  // namespace tlaunch
