#include "tuning/search.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "base/error.h"
#include "base/statistics.h"
#include "base/units.h"

namespace tlaunch {
namespace {

constexpr double share_of_run = 0.10, least_budget_s = 5, most_budget_s = 60;  // tune.budget_s: auto
constexpr double rehearsal_share = 0.05, most_rehearsal_s = 2;                 // of the run
constexpr std::int64_t rough_rounds = 2;  // of the first two trials: enough to tell a short run
constexpr int rough_trials = 2;
constexpr double steps_of_pace = 8, steps_of_check = 7;            // that their trials do at least, warm-up included
constexpr std::int64_t first_batch = 4, largest_small_batch = 32;  // of the memory line
constexpr double quick_s = 2, slow_s = 5;  // of a first trial: the longer it took, the nearer the second batch is to it

double samples_of(const RunConfig& config, std::int64_t train_samples, std::int64_t effective_batch) {
  if (config.train.max_steps) return static_cast<double>(*config.train.max_steps * effective_batch);
  if (config.train.kimg) return *config.train.kimg * 1000;
  return static_cast<double>(config.train.epochs.value_or(1)) * static_cast<double>(train_samples);
}

}  // namespace

Search::Search(const TuneInput& input, TrialRunner& runner, const TuneCallbacks& callbacks)
    : input_(input), runner_(runner), callbacks_(callbacks), now_(trial_settings_of(apply(input.config, input.prior))) {
  outcome_.plan = input.prior;
  outcome_.budget_bytes = input.budget_bytes;
  prior_ = {now_.micro_batch, now_.accumulation, input.job.world_size};
  facts_.train_samples = input.job.train_samples;
  candidates_ = candidates(/*memory_forces=*/false);
  if (!open("train.batch_size") || input.config.tune.keep_micro_batch)
    std::erase_if(candidates_, [&](const auto& one) { return one.micro_batch != now_.micro_batch; });
}

bool Search::open(const std::string& key) const {
  if (key == "train.batch_size" && input_.config.tune.keep_micro_batch) return false;
  const Choice* choice = input_.prior.find(key);
  return choice && choice->origin != Origin::user && choice->origin != Origin::team;
}

TrialResult Search::measure(TrialSpec spec, const std::string& why) {
  spec.id = next_id_++;
  spec.fresh = std::exchange(fresh_next_, false);
  const bool starts = spec.fresh || !alive_;
  auto result = runner_.run(spec);
  ++outcome_.trials;
  alive_ = result.outcome == TrialOutcome::ok;
  if (result.outcome == TrialOutcome::interrupted) outcome_.interrupted = true;
  if (result.outcome == TrialOutcome::ok) {
    facts_ = result.facts;
    make_batch_s_ = result.make_batch_s / static_cast<double>(spec.candidates.front().micro_batch);
    log_cost_s_ = result.log_cost_s;
    gpu_log_cost_s_ = result.gpu_log_cost_s;
    start_s_ = result.start_s;
    const double own_s = result.seconds - (starts ? start_s_ : 0);
    trial_s_ = outcome_.trials == 1 ? own_s : std::min(trial_s_, own_s);
    if (spec.whole_run) {
      if (spec.evaluation_s == 0) whole_run_s_ = std::max(whole_run_s_, own_s);
      save_copy_s_ = result.save_copy_s;
      save_bytes_ = result.save_bytes;
    }
  }
  if (callbacks_.on_trial) callbacks_.on_trial(spec, result, why);
  last_ = result;
  return result;
}

std::optional<MemoryPoint> Search::measure_peak(const TrialSettings& settings, bool whole_run, const std::string& why) {
  TrialSpec spec;
  spec.candidates = {settings};
  spec.whole_run = spec.with_loader = whole_run;  // what the loader has made ahead takes memory too
  if (outcome_.trials < rough_trials) spec.rounds = rough_rounds;
  return take_peak(settings.micro_batch, measure(spec, why));
}

std::optional<MemoryPoint> Search::take_peak(std::int64_t micro_batch, const TrialResult& result) {
  const auto too_much_from = [&](std::int64_t batch) {
    failed_batch_ = failed_batch_ == 0 ? batch : std::min(failed_batch_, batch);
  };
  if (result.outcome == TrialOutcome::ok) {
    const MemoryPoint point{micro_batch, result.peak_bytes};
    points_.push_back(point);
    if (outcome_.budget_bytes > 0 && point.peak_bytes > outcome_.budget_bytes) too_much_from(point.micro_batch);
    return point;
  }
  if (result.outcome != TrialOutcome::interrupted) too_much_from(micro_batch);
  if (result.outcome == TrialOutcome::crashed || result.outcome == TrialOutcome::hung)
    outcome_.notes.push_back("a trial with micro-batch " + std::to_string(micro_batch) + " " +
                             to_string(result.outcome) + (result.message.empty() ? "" : ": " + result.message));
  return std::nullopt;
}

void Search::measure_line() {
  const std::int64_t largest = candidates_.back().micro_batch;
  measure_line_from(largest > first_batch ? first_batch : std::max<std::int64_t>(1, largest / 2));
}

void Search::measure_line_from(std::int64_t small) {
  points_.clear();
  line_.reset();
  line_of_ = now_;
  auto settings = now_;
  settings.accumulation = 1;
  const auto peak_at = [&](std::int64_t batch) {
    settings.micro_batch = batch;
    const auto peak = measure_peak(settings, true, "memory at micro-batch " + std::to_string(batch));
    if (peak) look_at_the_clock();
    return peak;
  };
  const auto first = peak_at(small);
  if (!first || outcome_.interrupted || gone()) return;
  // The next one as far away as is safe, were all of the peak activations, and as time allows.
  std::int64_t next = last_.seconds > slow_s ? 2 * small : last_.seconds > quick_s ? 4 * small : largest_small_batch;
  const double worst_per_sample =
      static_cast<double>(first->peak_bytes - std::min(first->peak_bytes, last_.idle_bytes)) /
      static_cast<double>(small);
  while (next > 2 * small && outcome_.budget_bytes > 0 &&
         static_cast<double>(last_.idle_bytes) + worst_per_sample * static_cast<double>(next) >
             static_cast<double>(outcome_.budget_bytes))
    next /= 2;
  next = std::min(next, candidates_.back().micro_batch);
  if (failed_batch_ > 0) next = std::min(next, failed_batch_ - 1);
  while (next > small && !peak_at(next) && !outcome_.interrupted && !gone()) next /= 2;
  if (points_.size() < 2 && small > 1 && !outcome_.interrupted) peak_at(small / 2);  // there is no room above it
  line_ = fit_memory(points_);
}

bool Search::line_is_of_now() const {
  auto mode = line_of_;
  mode.micro_batch = now_.micro_batch;
  mode.accumulation = now_.accumulation;
  mode.threads = now_.threads;  // fewer than the line's never take more
  return mode == now_;
}

std::int64_t Search::largest_that_fits() const {
  std::int64_t largest = 0;
  for (const auto& candidate : candidates_) {
    const bool tried_in_vain = failed_batch_ > 0 && candidate.micro_batch >= failed_batch_;
    const bool too_large =
        line_ && outcome_.budget_bytes > 0 && line_->peak_bytes(candidate.micro_batch) > outcome_.budget_bytes;
    if (!tried_in_vain && !too_large) largest = std::max(largest, candidate.micro_batch);
  }
  return largest;
}

void Search::predict(std::int64_t micro_batch) {
  if (!line_) return;
  outcome_.predicted_peak_bytes = line_->peak_bytes(micro_batch);
  if (callbacks_.on_prediction) callbacks_.on_prediction(micro_batch, outcome_.predicted_peak_bytes);
}

bool Search::take_what_fits(std::int64_t most) {
  const BatchSplit* largest = nullptr;
  for (const auto& candidate : candidates_)
    if (candidate.micro_batch <= most) largest = &candidate;
  if (!largest) return false;
  if (largest->micro_batch != now_.micro_batch) take_for_memory(*largest);
  return true;
}

void Search::refuse() const {
  const std::int64_t least = candidates_.front().micro_batch;
  const std::string batch = "micro-batch " + std::to_string(least);
  const auto smallest = std::min_element(points_.begin(), points_.end(),
                                         [](const auto& a, const auto& b) { return a.micro_batch < b.micro_batch; });
  std::string needs = " does not run within it";
  if (line_)
    needs = " needs " + format_bytes(line_->peak_bytes(least));
  else if (smallest != points_.end() && smallest->micro_batch == least)
    needs = " needs " + format_bytes(smallest->peak_bytes);
  const std::string there = format_bytes(outcome_.budget_bytes) + " a rank (less what tune.margin keeps free)";
  if (!open("train.batch_size") || (input_.config.train.gradient_accumulation_steps && !effective_is_open()))
    throw UsageError(
        batch + ", which is fixed, does not fit the memory: there are " + there + ", and it" + needs +
        "; leave train.batch_size and train.gradient_accumulation_steps to auto (without tune.keep_micro_batch), "
        "or free memory (tlaunch probe)");
  throw UsageError("no micro-batch fits the memory: there are " + there + ", and " + batch + needs +
                   "; take a smaller model, fewer ranks on this machine, or free memory (tlaunch probe)");
}

// The table's switches may meet a kernel's fault (seen with channels_last); where the plain ones run, they are taken.
void Search::measure_plain_line() {
  const TrialSettings table = now_;
  const TrialResult crash = last_;
  if (open("gpu.mixed_precision")) now_.precision = Precision::fp32;
  if (open("gpu.tf32")) now_.tf32 = false;
  if (open("gpu.cudnn_benchmark")) now_.cudnn_benchmark = false;
  if (open("gpu.channels_last")) now_.channels_last = false;
  if (now_ == table) return;
  failed_batch_ = 0;
  measure_line();
  if (points_.empty() && !outcome_.interrupted) {  // it is not theirs
    now_ = table;
    return;
  }
  for (const char* key : switch_keys)
    if (value_of(now_, key) != value_of(table, key))
      set(key, value_of(now_, key),
          "the trial with the table's switches " + std::string(to_string(crash.outcome)) +
              (crash.message.empty() ? "" : ": " + crash.message),
          nullptr);
}

void Search::measure_memory() {
  if (gone()) return;
  measure_line();
  if (!outcome_.interrupted && points_.empty() && last_.outcome == TrialOutcome::crashed) measure_plain_line();
  if (outcome_.interrupted) return;
  bound_by_samples(/*memory_forces=*/false);
  if (gone()) return;
  if (points_.empty() && last_.outcome != TrialOutcome::out_of_memory)
    return;                                           // not for want of memory: the run will tell
  if (points_.empty() || largest_that_fits() == 0) {  // smaller than a multiple of 4, where memory forces it
    if (open("train.batch_size")) candidates_ = candidates(/*memory_forces=*/true);
    if (points_.empty() && candidates_.front().micro_batch < failed_batch_) {
      measure_line_from(candidates_.front().micro_batch);
      bound_by_samples(/*memory_forces=*/true);
    }
  }
  if (outcome_.interrupted) return;

  // The pace at the prior's batch, or the largest below it that fits.
  const std::int64_t wanted = now_.micro_batch;
  while (!outcome_.interrupted) {
    const std::int64_t most = points_.empty() ? 0 : std::min(largest_that_fits(), wanted);
    if (!take_what_fits(most)) refuse();
    predict(now_.micro_batch);
    TrialSpec spec;
    spec.candidates = {now_};
    spec.candidates[0].accumulation = 1;
    spec.rounds = 4;
    spec.whole_run = true;
    const auto result = measure(spec, "pace at micro-batch " + std::to_string(now_.micro_batch));
    if (result.outcome == TrialOutcome::out_of_memory && open("train.batch_size")) {
      failed_batch_ = now_.micro_batch / 2 + 1;  // the line was wrong: well below
      continue;
    }
    if (result.outcome != TrialOutcome::ok) return;
    points_.push_back({now_.micro_batch, result.peak_bytes});  // a third point, near where the line is read
    line_ = fit_memory(points_);
    step_time_s_ = median(result.candidates.front().step_times_s);
    if (!std::isfinite(result.candidates.front().last_loss))
      outcome_.notes.push_back("the loss is not finite after " + std::to_string(result.candidates.front().steps) +
                               " steps even with the settings at hand: look at train.learning_rate");
    return;
  }
}

double Search::run_s(double samples_per_s) const {
  return samples_of(input_.config, facts_.train_samples, effective_batch()) / samples_per_s;
}

double tuning_budget_s(double run_s, bool thorough) {
  return thorough ? most_budget_s : std::clamp(share_of_run * run_s, least_budget_s, most_budget_s);
}

double Search::time_budget_s() const {
  if (input_.budget_s) return *input_.budget_s;
  if (input_.thorough || step_time_s_ <= 0) return most_budget_s;
  return tuning_budget_s(run_s(static_cast<double>(now_.micro_batch * input_.job.world_size) / step_time_s_), false);
}

double Search::wanted_rehearsal_s() const {
  if (input_.thorough) return most_rehearsal_s;
  if (hurried_ || step_time_s_ <= 0) return least_rehearsal_s;
  const double samples_per_s = static_cast<double>(now_.micro_batch * input_.job.world_size) / step_time_s_;
  return std::clamp(rehearsal_share * run_s(samples_per_s), least_rehearsal_s, most_rehearsal_s);
}

double Search::last_check_s(bool fresh) const {
  return (fresh ? start_s_ : 0) + whole_run_s_ + rehearsal_cost * wanted_rehearsal_s();
}

bool Search::over(double cost_s) {
  if (outcome_.interrupted || step_time_s_ <= 0) return true;
  const bool late = runner_.elapsed_s() + cost_s + trial_s_ + last_check_s(!input_.job.on_gpu) > time_budget_s();
  outcome_.unfinished = outcome_.unfinished || late;
  return late;
}

// Where the budget follows from the run's length: the first trial's small batch bounds its pace from below, as larger
// ones are hardly ever slower; two trials tell that of the batch in hand. After those that tell memory and pace there
// must be time for the check.
void Search::look_at_the_clock() {
  if (outcome_.trials > rough_trials || input_.budget_s || input_.thorough) return;
  const StepSeen seen{points_.back().micro_batch, median(last_.candidates.front().step_times_s)};
  const StepSeen before = std::exchange(step_seen_, seen);
  if (seen.seconds <= 0) return;
  StepSeen reckoned = seen;
  if (before.micro_batch > 0 && before.micro_batch < seen.micro_batch && now_.micro_batch > seen.micro_batch) {
    const double more = static_cast<double>(now_.micro_batch - seen.micro_batch) /
                        static_cast<double>(seen.micro_batch - before.micro_batch);
    reckoned = {now_.micro_batch, seen.seconds + more * std::max(0.0, seen.seconds - before.seconds)};
    step_reckoned_s_ = reckoned.seconds;
  }
  const double samples_per_s = static_cast<double>(reckoned.micro_batch * input_.job.world_size) / reckoned.seconds;
  const int before_the_check = rough_trials + 1 - outcome_.trials;
  const double check_s =
      whole_run_s_ + rehearsal_cost * least_rehearsal_s + (steps_of_pace + steps_of_check) * step_reckoned_s_;
  hurried_ =
      runner_.elapsed_s() + before_the_check * whole_run_s_ + check_s > tuning_budget_s(run_s(samples_per_s), false);
  outcome_.unfinished = outcome_.unfinished || hurried_;
}

// Only a budget that the user gave can be gone before the pace is known, or that of a run that is short at any pace.
bool Search::gone() const {
  return !too_large_ && (hurried_ || (input_.budget_s && runner_.elapsed_s() >= *input_.budget_s));
}

bool Search::worth(double gain, double cost_s) {
  if (input_.thorough || runner_.elapsed_s() + cost_s <= least_budget_s) return true;
  const double samples_per_s = static_cast<double>(now_.micro_batch * input_.job.world_size) / step_time_s_;
  const bool wins = gain * run_s(samples_per_s) > cost_s;
  outcome_.unfinished = outcome_.unfinished || !wins;
  return wins;
}

void Search::set(const std::string& key, const Json& value, const std::string& reason, Json evidence) {
  for (Choice& choice : outcome_.plan.choices)
    if (choice.key == key) choice = {key, value, Origin::measured, reason, without_nonfinite(std::move(evidence))};
}

void Search::keep(const std::string& key, const std::string& why) {
  for (Choice& choice : outcome_.plan.choices)
    if (choice.key == key && choice.origin == Origin::prior && !choice.reason.ends_with("(" + why + ")"))
      choice.reason += " (" + why + ")";
}

std::string Search::why_not_measured() const {
  return step_time_s_ > 0 || gone() ? "not measured: no time was left of the tuning budget"
                                    : "not measured: the trial of the settings at hand failed";
}

TuneOutcome Search::outcome() {
  outcome_.seconds = runner_.elapsed_s();
  const Choice *before = input_.prior.find("train.batch_size"), *chosen = outcome_.plan.find("train.batch_size");
  if (facts_.batch_norm && before && before->value != chosen->value)
    outcome_.notes.push_back(
        "the model has BatchNorm: micro-batch " + chosen->value.dump() +
        " trains a little differently from another one; tune.keep_micro_batch=true holds the table's, "
        "train.batch_size=N your own");
  if (outcome_.interrupted)
    outcome_.notes.push_back(
        "tuning was interrupted: the plan so far is used; what was not measured yet keeps the "
        "table's value");
  return outcome_;
}

}  // namespace tlaunch
