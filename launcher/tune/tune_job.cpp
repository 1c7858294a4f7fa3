#include "launcher/tune/tune_job.h"

#include <algorithm>
#include <csignal>
#include <limits>

#include "core/effective_batch.h"
#include "core/error.h"
#include "core/event.h"
#include "core/units.h"
#include "launcher/tune/plan_cache.h"
#include "launcher/tune/team_plan.h"
#include "launcher/tune/trial_group.h"
#include "tuning/alternatives.h"
#include "tuning/batch_candidates.h"
#include "tuning/cached_plan.h"
#include "tuning/forecast.h"
#include "tuning/median.h"
#include "tuning/memory_budget.h"

namespace tlaunch {
namespace {

// Whether there is a choice to make. `config`: with what the team fixed; job.config: with all that the plan says so
// far.
bool anything_open(const Job& job, const RunConfig& config) {
  TrainConfig train = config.train;
  const bool effective = !train.effective_batch_size && !job.effective_batch_size && !train.batch_size;
  train.effective_batch_size = job.config.train.effective_batch_size;
  const bool batch =
      !config.tune.keep_micro_batch && (effective || batch_candidates(train, job.world.size).size() > 1);
  return batch || !alternatives(trial_settings_of(job.config), config, job.hardware, shape_of(job)).empty();
}

void take(Job& job, const Plan& plan) {
  job.plan = plan;
  job.config = apply(job.loaded.config, plan);
}

std::optional<TuneOutcome> read_kept(const Job& job, const Json& key) {
  auto kept = read_plan_cache(key);
  if (kept) scale_learning_rate(kept->plan, job.loaded.config.train);  // no part of the key: each run has its own
  return kept;
}

std::string result_text(const TrialSpec& spec, const TrialResult& result) {
  if (result.outcome != TrialOutcome::ok)
    return std::string(to_string(result.outcome)) + (result.message.empty() ? "" : ": " + result.message);
  if (spec.rounds == 0) return format_bytes(result.peak_bytes);
  std::string text;
  for (std::size_t i = 0; i < result.candidates.size(); ++i) {
    const auto& times = result.candidates[i].step_times_s;
    if (times.empty()) return "given up after the first steps: over three times as slow";
    const auto& settings = spec.candidates[i];
    const double samples = static_cast<double>(settings.micro_batch * settings.accumulation);
    text += (i == 0 ? "" : ", ") + format_count(samples / median(times));
  }
  return text + " samples/s a rank" + (result.abandoned ? ", given up" : "");
}

class Narrator {
 public:
  Narrator(Progress& progress, EventLog* log) : progress_(progress), log_(log) {}

  TuneCallbacks callbacks() {
    TuneCallbacks callbacks;
    callbacks.on_trial = [this](const TrialSpec& spec, const TrialResult& result, const std::string& why) {
      progress_.line("  " + why + ": " + result_text(spec, result));
      if (!log_) return;
      Json fields = to_json(result);
      fields["why"] = why;
      fields["outcome"] = to_string(result.outcome);
      fields["message"] = result.message;
      fields["seconds"] = result.seconds;
      fields["spec"] = to_json(spec);
      log_->append("trial", fields);
    };
    callbacks.on_prediction = [this](std::int64_t micro_batch, std::uint64_t bytes) {
      if (log_) log_->append("prediction", {{"micro_batch", micro_batch}, {"peak_bytes", bytes}});
    };
    return callbacks;
  }

 private:
  Progress& progress_;
  EventLog* log_;
};

constexpr double first_rehearsal_s = 2;  // of a job whose pace is not known

// A fortieth of the run, where its length is known: long enough for a pace to show, short beside what it tells of.
double rehearsal_s(const RunConfig& planned, const std::optional<Pace>& earlier) {
  constexpr double least_s = 0.5, most_s = 10, share = 0.025;
  if (!earlier) return first_rehearsal_s;
  const double steps = static_cast<double>(work_of(planned, *earlier, 0).steps);
  return std::clamp(share * steps * earlier->step.likely_s, least_s, most_s);
}

std::optional<Pace> rehearse(const RunConfig& planned, TrialRunner& runner, const TuneCallbacks& callbacks) {
  const TrialSettings settings = trial_settings_of(planned);
  const TrialSpec spec = rehearsal(settings, first_rehearsal_s);
  const TrialResult result = runner.run(spec);
  callbacks.on_trial(spec, result, "rehearsing the plan");
  return pace_of(spec, result, settings.accumulation);
}

}  // namespace

Rehearsal rehearse_job(const Job& job, const std::string& log_folder, Progress& progress, EventLog* log) {
  Narrator narrator(progress, log);
  TrialGroup runner(job, log_folder);
  const auto pace = rehearse(job.config, runner, narrator.callbacks());
  return {pace, runner.interrupted_by() != 0};
}

TuneOutcome tune_job(Job& job, const TuneHow& how, Progress& progress, EventLog* log) {
  const TeamPlan team = with_team_settings(job, how.new_team_file);
  for (const std::string& note : team.notes) progress.line("note: " + note);
  take(job, team.plan);
  TuneOutcome outcome;
  outcome.budget_bytes = memory_budget_bytes(job.hardware, shape_of(job), job.loaded.config.tune.margin);
  outcome.plan = job.plan;
  if (!job.loaded.config.tune.enabled || !anything_open(job, team.config)) return outcome;
  job.plan.memory_budget_bytes = outcome.budget_bytes;
  Narrator narrator(progress, log);
  const TuneCallbacks callbacks = narrator.callbacks();
  TrialLimits limits;
  limits.time = how.time_limit;
  TrialGroup runner(job, how.log_folder, limits);
  const bool caching = job.loaded.config.tune.cache;
  const Json key = plan_cache_key(job, team.config, outcome.budget_bytes);
  const auto kept = caching && !how.retune ? read_kept(job, key) : std::nullopt;
  progress.line(kept ? "tuning: this job was measured here before" : "tuning: measuring what is left to auto");
  const auto verified =
      kept ? verify_cached(job.loaded.config, *kept, outcome.budget_bytes,
                           rehearsal_s(apply(job.loaded.config, kept->plan), kept->pace), runner, callbacks)
           : std::nullopt;
  if (verified) {
    outcome = *verified;
  } else {
    const TuneInput input{team.config, job.hardware, shape_of(job), job.plan, outcome.budget_bytes,
                          job.loaded.config.tune.budget_s, how.thorough};
    outcome = tune(input, runner, callbacks);
    const double budget_s = job.loaded.config.tune.budget_s.value_or(std::numeric_limits<double>::max());
    if (!outcome.interrupted && runner.elapsed_s() < budget_s) {
      outcome.pace = rehearse(apply(job.loaded.config, outcome.plan), runner, callbacks);
      outcome.interrupted = runner.interrupted_by() != 0;
    }
    if (caching && !outcome.interrupted) write_plan_cache(key, outcome);
  }
  if (runner.interrupted_by() != 0 && how.time_limit.over())
    throw Error(exit_code::preempted,
                "the time was up while tuning: nothing was trained yet; give launch.max_time more, or set "
                "tune.enabled=false");
  if (runner.interrupted_by() != 0 && runner.interrupted_by() != SIGINT)
    throw Error(exit_code::preempted,
                "told to stop while tuning: nothing was trained yet; the same command starts again");
  outcome.plan.memory_budget_bytes = outcome.budget_bytes;
  outcome.plan.samples_per_s = outcome.samples_per_s;
  outcome.seconds = runner.elapsed_s();
  take(job, outcome.plan);
  progress.line("tuning: " + format_number_of(outcome.trials, "trial") + " in " +
                format_duration(outcome.seconds));
  for (const std::string& note : outcome.notes) progress.line("note: " + note);
  return outcome;
}

namespace {

std::optional<TuneOutcome> kept_outcome(const Job& job, const RunConfig& config) {
  const TuneConfig& how = job.loaded.config.tune;
  if (!how.enabled || !how.cache) return std::nullopt;
  const auto budget = memory_budget_bytes(job.hardware, shape_of(job), how.margin);
  return read_kept(job, plan_cache_key(job, config, budget));
}

}  // namespace

std::optional<Pace> kept_pace(const Job& job) {
  const auto kept = kept_outcome(job, with_team_settings(job, false).config);
  if (!kept || trial_settings_of(apply(job.loaded.config, kept->plan)) != trial_settings_of(job.config))
    return std::nullopt;
  return kept->pace;
}

void take_cached_plan(Job& job) {
  const TeamPlan team = with_team_settings(job, false);
  take(job, team.plan);
  if (!anything_open(job, team.config)) return;
  if (const auto kept = kept_outcome(job, team.config)) take(job, from_cache(kept->plan));
}

}  // namespace tlaunch
