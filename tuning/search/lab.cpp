#include "tuning/search/lab.h"

#include <algorithm>
#include <utility>

namespace tlaunch {

Lab::Lab(const TuneInput& input, TrialRunner& runner, const TuneCallbacks& callbacks)
    : input_(input), runner_(runner), callbacks_(callbacks) {
  side_figures_.facts.train_samples = input.job.train_samples;
}

bool Lab::open(const std::string& key) const {
  if (key == "train.batch_size" && input_.config.tune.keep_micro_batch) return false;
  const Choice* choice = input_.prior.find(key);
  return choice && choice->origin != Origin::user && choice->origin != Origin::team;
}

bool Lab::effective_batch_is_open() const { return open("train.batch_size") && open("train.effective_batch_size"); }

bool Lab::within_memory(std::uint64_t peak_bytes) const {
  return input_.budget_bytes == 0 || peak_bytes <= input_.budget_bytes;
}

TrialResult Lab::measure(TrialSpec spec, const std::string& why) {
  spec.id = ++trials_;
  spec.fresh = std::exchange(fresh_next_, false);
  const bool starts = spec.fresh || !alive_;
  auto result = runner_.run(spec);
  alive_ = result.outcome == TrialOutcome::ok;
  if (result.outcome == TrialOutcome::interrupted) interrupted_ = true;
  if (result.outcome == TrialOutcome::ok) record(spec, result, starts);
  if (callbacks_.on_trial) callbacks_.on_trial(spec, result, why);
  return result;
}

void Lab::record(const TrialSpec& spec, const TrialResult& result, bool started) {
  SideFigures& seen = side_figures_;
  seen.facts = result.facts;
  seen.make_batch_s = result.make_batch_s / static_cast<double>(spec.candidates.front().micro_batch);
  seen.log_cost_s = result.log_cost_s;
  seen.gpu_log_cost_s = result.gpu_log_cost_s;
  seen.start_s = result.start_s;
  const double own_s = result.seconds - (started ? seen.start_s : 0);
  seen.trial_s = trials_ == 1 ? own_s : std::min(seen.trial_s, own_s);
  if (!spec.whole_run) return;
  if (spec.evaluation_s == 0) seen.whole_run_s = std::max(seen.whole_run_s, own_s);
  seen.save_copy_s = result.save_copy_s;
  seen.save_bytes = result.save_bytes;
}

void Lab::announce(std::int64_t micro_batch, std::uint64_t peak_bytes) const {
  if (callbacks_.on_prediction) callbacks_.on_prediction(micro_batch, peak_bytes);
}

}  // namespace tlaunch
