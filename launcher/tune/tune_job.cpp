#include "launcher/tune/tune_job.h"

#include <algorithm>
#include <csignal>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/statistics.h"
#include "base/text.h"
#include "base/units.h"
#include "contract/planned_rate.h"
#include "estimate/work.h"
#include "hardware/cpu_load.h"
#include "launcher/tune/plan_cache.h"
#include "launcher/tune/team_plan.h"
#include "launcher/tune/trial_group.h"
#include "tuning/cached_plan.h"
#include "tuning/disturbance.h"
#include "tuning/memory_budget.h"
#include "tuning/search/alternatives.h"
#include "tuning/search/batch_candidates.h"

namespace tlaunch {
namespace {

// Whether there is a choice to make. `config` has the team's settings, job.config all settings of the present plan.
bool anything_open(const Job& job, const RunConfig& config) {
  TrainConfig train = config.train;
  const bool effective = !train.effective_batch_size && !job.effective_batch_size && !train.batch_size;
  train.effective_batch_size = job.config.train.effective_batch_size;
  const bool batch = !config.tune.keep_micro_batch && (effective || batch_candidates(train, job.world.size).size() > 1);
  return batch || !alternatives(trial_settings_of(job.config), config, job.hardware, shape_of(job)).empty();
}

std::optional<TuneOutcome> read_kept(const Job& job, const Json& key) {
  auto kept = read_plan_cache(key);
  // The key has the folder of the data, not the number of samples, which may be smaller now.
  const Choice* batch = kept ? kept->plan.find("train.effective_batch_size") : nullptr;
  if (batch && job.data && job.data->train_samples > 0 && batch->value > job.data->train_samples) return std::nullopt;
  if (kept) scale_learning_rate(kept->plan, job.loaded.config.train);  // not part of the key: each run has its own
  return kept;
}

std::string result_text(const TrialSpec& spec, const TrialResult& result) {
  if (result.outcome != TrialOutcome::ok) return joined({to_string(result.outcome), result.message}, ": ");
  if (spec.rounds == 0) return format_bytes(result.peak_bytes);
  std::vector<std::string> rates;
  const bool pair = spec.abandon_ratio > 0;  // "bf16 against float32": the first one named is measured second
  for (std::size_t n = 0; n < result.candidates.size(); ++n) {
    const std::size_t i = pair ? result.candidates.size() - 1 - n : n;
    const auto& times = result.candidates[i].step_times_s;
    if (times.empty()) return "stopped after the first steps: more than three times as slow";
    const auto& settings = spec.candidates[i];
    const double samples = static_cast<double>(settings.micro_batch * settings.accumulation);
    rates.push_back(format_count(samples / median(times)));
  }
  const std::string peak = spec.whole_run ? format_bytes(result.peak_bytes) : "";
  const std::string pace = joined(rates, ", ") + " samples/s per rank";
  return joined({peak, pace, result.abandoned ? "stopped early" : ""}, ", ");
}

// Reports each trial and stores its result.
class Narrator {
 public:
  Narrator(Progress& progress, EventLog* log) : progress_(progress), log_(log) {}

  const std::vector<TrialResult>& trials() const { return trials_; }

  TuneCallbacks callbacks() {
    TuneCallbacks callbacks;
    callbacks.on_trial = [this](const TrialSpec& spec, const TrialResult& result, const std::string& why) {
      trials_.push_back(result);
      progress_.line(format_text("  {}: {}", why, result_text(spec, result)));
      if (!log_) return;
      Json fields = to_json(result);
      fields["why"] = why;
      fields["outcome"] = to_string(result.outcome);
      fields["message"] = result.message;
      fields["seconds"] = result.seconds;
      fields["spec"] = to_json(spec);
      log_->append(OtherEvent{"trial", fields});
    };
    callbacks.on_prediction = [this](std::int64_t micro_batch, std::uint64_t bytes) {
      if (log_) log_->append(PredictionEvent{micro_batch, bytes});
    };
    return callbacks;
  }

 private:
  Progress& progress_;
  EventLog* log_;
  std::vector<TrialResult> trials_;
};

constexpr double first_rehearsal_s = 2;  // of a job whose pace is not known

// One fortieth of the run, if its length is known: long enough to measure the pace, short compared with the run.
double rehearsal_s(const RunConfig& planned, const std::optional<Pace>& earlier) {
  constexpr double least_s = 0.5, most_s = 10, share = 0.025;
  if (!earlier) return first_rehearsal_s;
  const double steps = static_cast<double>(length_of(planned, earlier->facts.train_samples).total_steps);
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

namespace {

// Nothing if no disk has room for the files of the trials: a run matters more than its tuning.
std::unique_ptr<TrialGroup> trial_group(const Job& job, const TuneHow& how, Progress& progress) {
  TrialLimits limits;
  limits.time = how.time_limit;
  try {
    return std::make_unique<TrialGroup>(job, how.log_folder, limits);
  } catch (const IoError& error) {
    if (how.thorough) throw;
    progress.line(format_text("note: tuning cannot measure, so the table's values are used: {}", error.what()));
    return nullptr;
  }
}

// Whether the stored outcome is of a shorter run that left settings unmeasured, and this run has the time for them.
bool measures_more(const TuneOutcome& kept, const RunConfig& config, bool thorough) {
  if (!kept.unfinished) return false;
  constexpr double worth_measuring_again = 2;
  double budget_s = tuning_budget_s(0, thorough);
  if (config.tune.budget_s)
    budget_s = *config.tune.budget_s;
  else if (kept.pace && !thorough) {
    const RunConfig planned = apply(config, kept.plan);
    const RunLength length = length_of(planned, kept.pace->facts.train_samples);
    budget_s = tuning_budget_s(static_cast<double>(length.total_steps) * kept.pace->step.likely_s, thorough);
  }
  return budget_s > worth_measuring_again * kept.seconds;
}

std::string disturbance_note(const TuneOutcome& outcome, bool thorough) {
  if (thorough)
    return format_text("{}: these values may not be the best ones; measure again when the machine is idle",
                       outcome.disturbed);
  if (outcome.cached)
    return format_text("{} while the plan was checked: the time estimate may be wrong", outcome.disturbed);
  return format_text(
      "{} while tuning: this run uses the plan, but the plan is not stored; tune again when the machine is idle",
      outcome.disturbed);
}

}  // namespace

TunedJob tune_job(const Job& prior, const TuneHow& how, Progress& progress, EventLog* log) {
  const TuneConfig& asked = prior.loaded.config.tune;
  TeamPlan team = with_team_settings(prior, how.new_team_file);
  for (const std::string& note : team.notes) progress.line("note: " + note);
  TuneOutcome outcome;
  outcome.budget_bytes = memory_budget_bytes(prior.hardware, shape_of(prior), asked.margin);
  outcome.plan = team.plan;
  const Job unmeasured(prior, team.plan);
  if (!asked.enabled || !anything_open(unmeasured, team.config)) return {unmeasured, outcome};
  team.plan.memory_budget_bytes = outcome.budget_bytes;
  const Job job(prior, team.plan);
  Narrator narrator(progress, log);
  const TuneCallbacks callbacks = narrator.callbacks();
  auto trials = trial_group(job, how, progress);
  if (!trials) return {job, outcome};
  const Json key = plan_cache_key(job, team.config, outcome.budget_bytes);
  auto kept = asked.cache && !how.retune ? read_kept(job, key) : std::nullopt;
  if (kept && measures_more(*kept, job.loaded.config, how.thorough)) kept.reset();
  progress.line(kept ? "tuning: checking the plan of an earlier tuning" : "tuning: measuring settings that are auto");
  const double began_s = unix_time_s();
  const auto cpu_before = cpu_reading_now();
  const auto verified =
      kept ? verify_cached(job.loaded.config, *kept, outcome.budget_bytes,
                           rehearsal_s(apply(job.loaded.config, kept->plan), kept->pace), *trials, callbacks)
           : std::nullopt;
  const TuneInput input{team.config,          job.hardware,   shape_of(job), job.plan,
                        outcome.budget_bytes, asked.budget_s, how.thorough};
  outcome = verified ? *verified : tune(input, *trials, callbacks);
  const int interrupted_by = trials->interrupted_by();
  trials.reset();  // ends its processes: only then the system counts their CPU time as ours
  outcome.seconds = unix_time_s() - began_s;
  outcome.disturbed = disturbance(load_between(cpu_before, cpu_reading_now()), spread_of(narrator.trials()));
  if (!outcome.disturbed.empty()) outcome.notes.push_back(disturbance_note(outcome, how.thorough));
  const bool believed = !outcome.interrupted && outcome.disturbed.empty();
  if (asked.cache && !outcome.cached && believed) write_plan_cache(key, outcome);
  if (interrupted_by != 0 && how.time_limit.over())
    throw Error(exit_code::preempted,
                "the time limit was reached while tuning: nothing was trained yet; raise launch.max_time, or set "
                "tune.enabled=false");
  if (interrupted_by != 0 && interrupted_by != SIGINT)
    throw Error(exit_code::preempted, "stopped while tuning: nothing was trained yet; the same command starts again");
  outcome.plan.memory_budget_bytes = outcome.budget_bytes;
  outcome.plan.samples_per_s = outcome.samples_per_s;
  progress.line(
      format_text("tuning: {} in {}", format_number_of(outcome.trials, "trial"), format_duration(outcome.seconds)));
  for (const std::string& note : outcome.notes) progress.line("note: " + note);
  return {Job(prior, outcome.plan), outcome};
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

CachedJob with_cached_plan(const Job& prior) {
  TeamPlan team = with_team_settings(prior, false);
  const Job job(prior, team.plan);
  if (!anything_open(job, team.config)) return {job, team.notes};
  const auto kept = kept_outcome(job, team.config);
  return {kept ? Job(prior, from_cache(kept->plan)) : job, team.notes};
}

}  // namespace tlaunch
