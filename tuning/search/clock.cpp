#include "tuning/search/clock.h"

#include <algorithm>

#include "tuning/search/time_budget.h"

namespace tlaunch {
namespace {

constexpr double rehearsal_share = 0.05, most_rehearsal_s = 2;  // of the run
constexpr double steps_of_pace = 8, steps_of_check = 7;         // at least this many in their trials, warm-up included

double samples_of(const RunConfig& config, std::int64_t train_samples, std::int64_t effective_batch) {
  if (config.train.max_steps) return static_cast<double>(*config.train.max_steps * effective_batch);
  if (config.train.kimg) return *config.train.kimg * 1000;
  return static_cast<double>(config.train.epochs.value_or(1)) * static_cast<double>(train_samples);
}

double run_s(const Lab& lab, const Draft& draft, double samples_per_s) {
  return samples_of(lab.input().config, lab.side_figures().facts.train_samples, draft.split().effective()) /
         samples_per_s;
}

}  // namespace

double time_budget_s(const Lab& lab, const Draft& draft) {
  if (lab.input().budget_s) return *lab.input().budget_s;
  if (lab.input().thorough || draft.pace.micro_step_s <= 0) return most_budget_s;
  return tuning_budget_s(run_s(lab, draft, draft.samples_per_s()), false);
}

double wanted_rehearsal_s(const Lab& lab, const Draft& draft) {
  if (lab.input().thorough) return most_rehearsal_s;
  if (draft.pace.short_run || draft.pace.micro_step_s <= 0) return least_rehearsal_s;
  return std::clamp(rehearsal_share * run_s(lab, draft, draft.samples_per_s()), least_rehearsal_s, most_rehearsal_s);
}

double last_check_s(const Lab& lab, const Draft& draft, bool fresh) {
  const SideFigures& seen = lab.side_figures();
  return (fresh ? seen.start_s : 0) + seen.whole_run_s + rehearsal_cost * wanted_rehearsal_s(lab, draft);
}

bool no_time_for(Lab& lab, const Draft& draft, double cost_s) {
  if (lab.interrupted() || draft.pace.micro_step_s <= 0) return true;
  const double check_s = last_check_s(lab, draft, /*fresh=*/!lab.input().job.on_gpu);
  const bool late = lab.elapsed_s() + cost_s + lab.side_figures().trial_s + check_s > time_budget_s(lab, draft);
  if (late) lab.leave_unfinished();
  return late;
}

bool pays_off(Lab& lab, const Draft& draft, double gain, double cost_s) {
  if (lab.input().thorough || lab.elapsed_s() + cost_s <= least_budget_s) return true;
  const bool wins = gain * run_s(lab, draft, draft.samples_per_s()) > cost_s;
  if (!wins) lab.leave_unfinished();
  return wins;
}

bool user_budget_spent(const Lab& lab, const Draft& draft) {
  return draft.pace.short_run || (lab.input().budget_s && lab.elapsed_s() >= *lab.input().budget_s);
}

std::string why_not_measured(const Lab& lab, const Draft& draft) {
  return draft.pace.micro_step_s > 0 || user_budget_spent(lab, draft)
             ? "not measured: no time was left in the tuning budget"
             : "not measured: the trial of the starting settings failed";
}

// The first trial's small batch bounds the run's pace from below, as larger batches are hardly ever slower. Two trials
// give the pace of the current batch. After the trials of memory and pace there must be time for the check.
KnownPace after_first_trial(Lab& lab, const Draft& draft, const StepSeen& before, const StepSeen& seen) {
  KnownPace pace = draft.pace;
  if (lab.trials() > rough_trials || lab.input().budget_s || lab.input().thorough || seen.seconds <= 0) return pace;
  const std::int64_t wanted = draft.settings.micro_batch;
  StepSeen reckoned = seen;
  if (before.micro_batch > 0 && before.micro_batch < seen.micro_batch && wanted > seen.micro_batch) {
    const double more =
        static_cast<double>(wanted - seen.micro_batch) / static_cast<double>(seen.micro_batch - before.micro_batch);
    reckoned = {wanted, seen.seconds + more * std::max(0.0, seen.seconds - before.seconds)};
    pace.reckoned_s = reckoned.seconds;
  }
  const double samples_per_s = static_cast<double>(reckoned.micro_batch * draft.world_size) / reckoned.seconds;
  const double whole_run_s = lab.side_figures().whole_run_s;
  const int before_the_check = rough_trials + 1 - lab.trials();
  const double check_s =
      whole_run_s + rehearsal_cost * least_rehearsal_s + (steps_of_pace + steps_of_check) * pace.reckoned_s;
  pace.short_run = lab.elapsed_s() + before_the_check * whole_run_s + check_s >
                   tuning_budget_s(run_s(lab, draft, samples_per_s), false);
  if (pace.short_run) lab.leave_unfinished();
  return pace;
}

}  // namespace tlaunch
