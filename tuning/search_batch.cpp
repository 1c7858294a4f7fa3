// Search: the micro-batch, its pace and its memory.
#include <algorithm>
#include <cstdio>

#include "base/statistics.h"
#include "base/units.h"
#include "contract/planned_rate.h"
#include "estimate/pace.h"
#include "tuning/search.h"

namespace tlaunch {
namespace {

constexpr std::int64_t ladder_rounds = 6;
constexpr std::size_t most_candidates = 6;
constexpr std::int64_t most_accumulation = 4;  // of a trial's step: what the update costs is spread over enough by then
constexpr int most_step_downs = 4;

std::string product(const BatchSplit& split) {
  return std::to_string(split.micro_batch) + " x " + std::to_string(split.accumulation) + " x " +
         format_number_of(split.world_size, "rank") + " = " + std::to_string(split.effective());
}

}  // namespace

bool Search::effective_is_open() const { return open("train.batch_size") && open("train.effective_batch_size"); }

std::int64_t Search::effective_batch() const { return now_.micro_batch * now_.accumulation * input_.job.world_size; }

std::vector<BatchSplit> Search::candidates(bool memory_forces) const {
  TrainConfig train = input_.config.train;
  if (effective_is_open())
    return open_batch_candidates(prior_, train.gradient_accumulation_steps, facts_.train_samples, memory_forces);
  if (!train.effective_batch_size) train.effective_batch_size = prior_.effective();
  return batch_candidates(train, input_.job.world_size, memory_forces);
}

void Search::bound_by_samples(bool memory_forces) {
  if (!effective_is_open() || facts_.train_samples == 0) return;
  candidates_ = candidates(memory_forces);
  if (effective_batch() <= most_effective_batch(facts_.train_samples)) return;
  const BatchSplit* largest = &candidates_.front();
  for (const auto& candidate : candidates_)
    if (candidate.micro_batch <= now_.micro_batch) largest = &candidate;
  take(*largest,
       "with " + std::to_string(facts_.train_samples) +
           " training samples a larger effective batch leaves an epoch too few steps: " + product(*largest),
       nullptr);
}

// Around the prior's batch, from an eighth of it up to what fits, at most `most_candidates`. Where each has an
// effective batch of its own a larger one costs more to try, and up to eight times the prior's are enough.
std::vector<BatchSplit> Search::ladder() const {
  const std::int64_t most =
      effective_is_open() ? std::min(largest_that_fits(), 8 * now_.micro_batch) : largest_that_fits();
  std::vector<BatchSplit> splits;
  for (const auto& candidate : candidates_)
    if (candidate.micro_batch <= most && 8 * candidate.micro_batch >= std::min(most, now_.micro_batch))
      splits.push_back(candidate);
  while (effective_is_open() && splits.size() > 1 && splits.front().effective() < least_effective_batch)
    splits.erase(splits.begin());  // only memory forces those, and then the largest
  while (splits.size() >
         most_candidates) {  // thin out: the neighbour pair closest to each other gives up its lower one
    std::size_t closest = 0;
    double least = 1e300;
    for (std::size_t i = 0; i + 1 < splits.size(); ++i) {
      const double ratio = static_cast<double>(splits[i + 1].micro_batch) / static_cast<double>(splits[i].micro_batch);
      if (ratio < least && splits[i].micro_batch != now_.micro_batch) least = ratio, closest = i;
    }
    splits.erase(splits.begin() + static_cast<std::ptrdiff_t>(closest));
  }
  return splits;
}

std::vector<BatchPace> Search::measure_ladder(std::vector<BatchSplit> splits) {
  while (splits.size() > 1 && !over(0)) {
    TrialSpec spec;
    for (const auto& split : splits) {
      spec.candidates.push_back(now_);
      spec.candidates.back().micro_batch = split.micro_batch;
      spec.candidates.back().accumulation = std::min(split.accumulation, most_accumulation);
    }
    spec.rounds = ladder_rounds;
    spec.visit_s = 0.05;
    for (const auto& split : splits) predict(split.micro_batch);
    const auto result = measure(spec, "pace of micro-batches " + std::to_string(splits.front().micro_batch) + " to " +
                                          std::to_string(splits.back().micro_batch));
    if (outcome_.interrupted) return {};
    if (result.outcome == TrialOutcome::ok) {
      std::vector<BatchPace> paces;
      for (std::size_t i = 0; i < splits.size(); ++i) {
        const auto& tried = spec.candidates[i];
        const double samples = static_cast<double>(tried.micro_batch * tried.accumulation * input_.job.world_size);
        paces.push_back({splits[i], samples / std::max(median(result.candidates[i].step_times_s), 1e-9)});
      }
      return paces;
    }
    failed_batch_ = splits.back().micro_batch;  // side by side they need more; the largest goes
    splits.pop_back();
  }
  return {};
}

void Search::take(const BatchSplit& split, const std::string& reason, Json evidence) {
  now_.micro_batch = split.micro_batch;
  now_.accumulation = split.accumulation;
  set("train.batch_size", split.micro_batch, reason, std::move(evidence));
  if (open("train.gradient_accumulation_steps"))
    set("train.gradient_accumulation_steps", split.accumulation, "makes up the effective batch: " + product(split),
        nullptr);
  if (!effective_is_open()) return;
  set("train.effective_batch_size", split.effective(), "that of the micro-batch chosen: " + product(split), nullptr);
  scale_learning_rate(outcome_.plan, input_.config.train);
}

void Search::take_for_memory(BatchSplit split) {
  // An effective batch that is open too does not change for want of memory, where accumulation can make it up.
  const std::int64_t samples = split.micro_batch * split.world_size;
  if (effective_is_open() && open("train.gradient_accumulation_steps") && effective_batch() % samples == 0)
    split.accumulation = effective_batch() / samples;
  Json evidence;
  if (line_) evidence = {{"bytes_per_sample", line_->bytes_per_sample}, {"fixed_bytes", line_->fixed_bytes}};
  take(split, "the largest that fits " + format_bytes(outcome_.budget_bytes) + " a rank: " + product(split), evidence);
}

// A step of each, in each round and twice before them.
double Search::ladder_cost_s(const std::vector<BatchSplit>& splits) const {
  double samples = 0;
  for (const auto& split : splits)
    samples +=
        static_cast<double>(split.micro_batch * std::min(split.accumulation, most_accumulation) * split.world_size);
  return static_cast<double>(ladder_rounds + 2) * samples / outcome_.samples_per_s;
}

// Where the lowest rung is the best one, the pace falls with the batch: three more below it, made comparable by that
// rung.
std::vector<BatchPace> Search::extended_downwards(std::vector<BatchPace> paces) {
  const auto* chosen = smallest_within_3_percent(paces);
  if (!chosen || chosen != &paces.front()) return paces;
  std::vector<BatchSplit> lower;
  for (const auto& candidate : candidates_)
    if (candidate.micro_batch <= chosen->split.micro_batch) lower.push_back(candidate);
  if (lower.size() > 4) lower.erase(lower.begin(), lower.end() - 4);
  if (lower.size() < 2 || over(ladder_cost_s(lower))) return paces;
  auto more = measure_ladder(lower);
  if (more.empty() || more.back().split.micro_batch != chosen->split.micro_batch) return paces;
  const double scale = chosen->samples_per_s / more.back().samples_per_s;
  more.pop_back();
  for (auto& pace : more) pace.samples_per_s *= scale;
  paces.insert(paces.begin(), more.begin(), more.end());
  return paces;
}

void Search::choose_batch() {
  if (outcome_.interrupted) return;
  if (step_time_s_ <= 0) {
    keep("train.batch_size", why_not_measured());
    return;
  }
  outcome_.samples_per_s = static_cast<double>(now_.micro_batch * input_.job.world_size) / step_time_s_;
  if (!open("train.batch_size")) return;
  auto splits = ladder();
  // The dearest goes: small ones that waste the machine, or where each is a step of its own size the largest.
  while (splits.size() > 2 && over(ladder_cost_s(splits)))
    splits.erase(effective_is_open() ? splits.end() - 1 : splits.begin());
  if (splits.size() < 2 || over(ladder_cost_s(splits)) || !worth(0.05, ladder_cost_s(splits))) {
    keep("train.batch_size",
         splits.size() < 2 ? "the only one that fits" : "not measured: too little time for what it can win");
  } else {
    const auto paces = extended_downwards(measure_ladder(splits));
    if (outcome_.interrupted) return;
    if (const auto* chosen = smallest_within_3_percent(paces)) {
      Json evidence = Json::object();
      double best = 0;
      for (const auto& pace : paces) {
        evidence[std::to_string(pace.split.micro_batch)] = pace.samples_per_s;
        best = std::max(best, pace.samples_per_s);
      }
      outcome_.samples_per_s = chosen->samples_per_s;
      const std::string reason = "the smallest of " + std::to_string(paces.size()) +
                                 " measured within 3 % of the best (" + format_count(chosen->samples_per_s) + " of " +
                                 format_count(best) + " samples/s of all ranks): " + product(chosen->split);
      take(chosen->split, reason, {{"samples_per_s", evidence}});
    } else {
      keep("train.batch_size", "not measured: the trials of other batches failed");
    }
  }
}

// Back to the mode of `earlier`: ours cannot be run as a whole.
void Search::give_up_mode(const TrialSettings& earlier) {
  const TrialSettings failed = now_;
  now_ = earlier;
  now_.micro_batch = failed.micro_batch;
  now_.accumulation = failed.accumulation;
  now_.threads = failed.threads;
  for (const char* key : switch_keys)
    if (value_of(failed, key) != value_of(now_, key))
      set(key, value_of(now_, key),
          "as before: what was faster did not run with all that training keeps in memory (" +
              std::string(to_string(last_.outcome)) + ")",
          nullptr);
  outcome_.samples_per_s = 0;
}

// A third point of the line between the small batches and one that is far from them.
void Search::measure_halfway() {
  const std::int64_t half = now_.micro_batch / 2;
  if (!line_ || points_.empty() || half < 2 * points_.back().micro_batch) return;
  if (outcome_.budget_bytes > 0 && line_->peak_bytes(half) > outcome_.budget_bytes) return;
  auto settings = now_;
  settings.micro_batch = half;
  settings.accumulation = 1;
  predict(half);
  if (measure_peak(settings, true, "memory at micro-batch " + std::to_string(half))) line_ = fit_memory(points_);
}

void Search::measure_new_mode(std::int64_t failed_before) {
  const auto points = points_;
  const auto line = line_;
  const auto line_of = line_of_;
  measure_line();
  if (outcome_.interrupted) return;
  measure_halfway();
  if (outcome_.interrupted) return;
  if (points_.empty() || largest_that_fits() == 0) {
    points_ = points, line_ = line, line_of_ = line_of, failed_batch_ = failed_before;
    give_up_mode(line_of);
  }
}

bool Search::check_chosen() {
  if (line_is_of_now())
    predict(now_.micro_batch);
  else
    outcome_.predicted_peak_bytes = 0;  // of another mode
  const bool in_time = !input_.budget_s || runner_.elapsed_s() + last_check_s(false) <= *input_.budget_s;
  const double left_s = (time_budget_s() - runner_.elapsed_s() - whole_run_s_) / rehearsal_cost;
  const double micro_step_s = step_time_s_ > 0 ? step_time_s_ : step_reckoned_s_;
  TrialSpec spec = rehearsal(now_, std::clamp(left_s, least_rehearsal_s, wanted_rehearsal_s()),
                             micro_step_s * static_cast<double>(std::min(now_.accumulation, most_accumulation)));
  if (!in_time) spec.rounds = 0, spec.evaluation_s = 0;
  const std::string why = "memory at the chosen micro-batch " + std::to_string(now_.micro_batch);
  const auto result = measure(spec, in_time ? why + ", and the run's pace" : why);
  if (outcome_.interrupted) return true;
  const auto peak = take_peak(now_.micro_batch, result);
  if (peak) outcome_.measured_peak_bytes = peak->peak_bytes;
  outcome_.pace = pace_of(spec, result, now_.accumulation);
  if (outcome_.pace && outcome_.samples_per_s <= 0)
    outcome_.samples_per_s = static_cast<double>(effective_batch()) / outcome_.pace->step.likely_s;
  return peak && (outcome_.budget_bytes == 0 || peak->peak_bytes <= outcome_.budget_bytes);
}

void Search::verify() {
  if (outcome_.interrupted || (points_.empty() && !gone())) return;
  const std::int64_t failed_before = failed_batch_;  // in the line's mode: a check may fail in another one
  // A heap that has seen other batches and precisions is larger than the run's will be.
  fresh_next_ = !input_.job.on_gpu && !hurried_ &&
                (input_.budget_s || runner_.elapsed_s() + last_check_s(/*fresh=*/true) <= time_budget_s());
  if (gone()) {  // one trial protects the run; more only where it shows that there is too little memory
    if (check_chosen()) return;
    too_large_ = true;
    if (step_time_s_ <= 0) measure_memory();  // it was broken off
    if (outcome_.interrupted || points_.empty()) return;
  }
  if (!line_is_of_now() && (too_large_ || input_.thorough || !over(3 * whole_run_s_)))
    // The mode that was chosen has another line; without time for it the check alone tells.
    measure_new_mode(failed_before);
  for (int down = 0; down <= most_step_downs && !outcome_.interrupted; ++down) {
    const std::int64_t most = std::min(largest_that_fits(), now_.micro_batch);
    if (most < now_.micro_batch && open("train.batch_size") && !take_what_fits(most)) break;
    if (check_chosen()) return;
    if (!line_is_of_now()) {  // time or not: what this mode needs, or whether it runs at all, is to be known now
      measure_new_mode(failed_before);
      continue;
    }
    if (!open("train.batch_size")) {
      outcome_.notes.push_back("micro-batch " + std::to_string(now_.micro_batch) +
                               ", set in the config, does not fit the memory budget");
      return;
    }
    if (last_.outcome == TrialOutcome::ok)
      line_ = fit_memory(points_);  // it was wrong
    else
      failed_batch_ =
          std::min(failed_batch_, now_.micro_batch / 2 + 1);  // so was it here, by an unknown amount: well below
  }
  if (!outcome_.interrupted) fall_back();
}

// Nothing held; a batch that was measured to fit does, and needs no further trial.
void Search::fall_back() {
  const MemoryPoint* safe = nullptr;
  for (const auto& point : points_)
    if (point.micro_batch < failed_batch_ && (!safe || point.micro_batch > safe->micro_batch)) safe = &point;
  if (safe && safe->micro_batch < candidates_.front().micro_batch) candidates_ = candidates(/*memory_forces=*/true);
  if (!safe || !take_what_fits(safe->micro_batch)) refuse();
  outcome_.measured_peak_bytes = safe->peak_bytes;
}

}  // namespace tlaunch
