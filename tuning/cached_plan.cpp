#include "tuning/cached_plan.h"

namespace tlaunch {

Plan from_cache(Plan plan) {
  for (Choice& choice : plan.choices)
    if (choice.origin == Origin::measured) choice.origin = Origin::cache;
  return plan;
}

std::optional<TuneOutcome> verify_cached(const RunConfig& config, const TuneOutcome& kept, std::uint64_t budget_bytes,
                                         double rehearsal_s, TrialRunner& runner, const TuneCallbacks& callbacks) {
  const TrialSettings settings = trial_settings_of(apply(config, kept.plan));
  const TrialSpec spec =
      rehearsal(settings, rehearsal_s, kept.pace ? std::optional(kept.pace->step.likely_s) : std::nullopt);
  if (callbacks.on_prediction) callbacks.on_prediction(spec.candidates[0].micro_batch, kept.predicted_peak_bytes);
  const TrialResult result = runner.run(spec);
  if (callbacks.on_trial) callbacks.on_trial(spec, result, "verifying the plan that an earlier run measured");
  if (result.outcome != TrialOutcome::ok) return std::nullopt;
  if (budget_bytes > 0 && result.peak_bytes > budget_bytes) return std::nullopt;
  TuneOutcome verified = kept;
  verified.plan = from_cache(kept.plan);
  verified.budget_bytes = budget_bytes;
  verified.measured_peak_bytes = result.peak_bytes;
  verified.pace = pace_of(spec, result, settings.accumulation);
  verified.trials = 1;
  verified.cached = true;
  return verified;
}

}  // namespace tlaunch
