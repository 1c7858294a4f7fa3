#include "tuning/search/memory.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/statistics.h"
#include "base/text.h"
#include "base/units.h"
#include "tuning/search/alternatives.h"
#include "tuning/search/batch_candidates.h"
#include "tuning/search/clock.h"
#include "tuning/search/split.h"

namespace tlaunch {
namespace {

constexpr std::int64_t first_batch = 4, largest_small_batch = 32;  // of the memory line
constexpr double quick_s = 2, slow_s = 5;  // of a first trial: the longer it took, the closer the second batch is
constexpr std::int64_t pace_rounds = 4;

bool out_of_time(const Lab& lab, const Draft& draft, Effort effort) {
  return effort == Effort::within_budget && user_budget_spent(lab, draft);
}

// The second batch of the line: as far from the first one as is safe if the whole peak of the first one is activations,
// and as time allows.
std::int64_t second_batch(const Lab& lab, const MemoryModel& memory, const MemoryPoint& first,
                          const TrialResult& trial) {
  const std::int64_t small = first.micro_batch;
  const auto idle = static_cast<double>(trial.idle_bytes);
  const double worst_per_sample =
      static_cast<double>(first.peak_bytes - std::min(first.peak_bytes, trial.idle_bytes)) / static_cast<double>(small);
  const auto is_safe = [&](std::int64_t batch) {
    const auto budget_bytes = static_cast<double>(lab.input().budget_bytes);
    return budget_bytes == 0 || idle + worst_per_sample * static_cast<double>(batch) <= budget_bytes;
  };
  std::int64_t next = trial.seconds > slow_s ? 2 * small : trial.seconds > quick_s ? 4 * small : largest_small_batch;
  while (next > 2 * small && !is_safe(next)) next /= 2;
  next = std::min(next, memory.candidates.back().micro_batch);
  return memory.failed_from > 0 ? std::min(next, memory.failed_from - 1) : next;
}

LineTrials measure_line_from(Lab& lab, Measured measured, std::int64_t small, Effort effort) {
  Draft& draft = measured.draft;
  MemoryModel& memory = measured.memory;
  memory.points.clear();
  memory.line.reset();
  memory.measured_in = draft.settings;
  TrialResult last;
  StepSeen seen;
  const auto peak_at = [&](std::int64_t batch) {
    auto settings = draft.settings;
    settings.micro_batch = batch;
    settings.accumulation = 1;
    last = measure_peak(lab, settings);
    const auto peak = memory.record(lab, batch, last);
    if (!peak) return peak;
    const StepSeen before = std::exchange(seen, {batch, median(last.candidates.front().step_times_s)});
    draft.pace = after_first_trial(lab, draft, before, seen);
    return peak;
  };
  const auto stops = [&] { return lab.interrupted() || out_of_time(lab, draft, effort); };

  const auto first = peak_at(small);
  if (!first || stops()) return {measured, last};
  std::int64_t next = second_batch(lab, memory, *first, last);
  while (next > small && !peak_at(next) && !stops()) next /= 2;
  if (memory.points.size() < 2 && small > 1 && !lab.interrupted()) peak_at(small / 2);  // no larger one fits
  memory.line = fit_memory(memory.points);
  return {measured, last};
}

// The table's switches may run into a faulty kernel (seen with channels_last). If the plain settings run, they are
// chosen. `crashed`: the trials with the table's switches.
LineTrials measure_plain_line(Lab& lab, const LineTrials& crashed, Effort effort) {
  const TrialSettings table = crashed.measured.draft.settings;
  Measured plain = crashed.measured;
  TrialSettings& settings = plain.draft.settings;
  if (lab.open("gpu.mixed_precision")) settings.precision = Precision::fp32;
  if (lab.open("gpu.tf32")) settings.tf32 = false;
  if (lab.open("gpu.cudnn_benchmark")) settings.cudnn_benchmark = false;
  if (lab.open("gpu.channels_last")) settings.channels_last = false;
  if (settings == table) return crashed;
  plain.memory.failed_from = 0;
  LineTrials trials = measure_line(lab, plain, effort);
  Draft& draft = trials.measured.draft;
  if (trials.measured.memory.points.empty() && !lab.interrupted()) {  // the switches are not to blame
    draft.settings = table;
    return trials;
  }
  for (const char* key : switch_keys)
    if (value_of(draft.settings, key) != value_of(table, key))
      draft.set(key, value_of(draft.settings, key),
                format_text("the trial with the table's switches {}{}", to_string(crashed.last.outcome),
                            crashed.last.message.empty() ? "" : ": " + crashed.last.message),
                nullptr);
  return trials;
}

// Limits an effective batch that is open, once the number of samples is known.
void bound_by_samples(const Lab& lab, Measured& measured, bool memory_forces) {
  const std::int64_t train_samples = lab.side_figures().facts.train_samples;
  if (!lab.effective_batch_is_open() || train_samples == 0) return;
  Draft& draft = measured.draft;
  MemoryModel& memory = measured.memory;
  memory.candidates = open_splits(lab, memory_forces);
  if (draft.split().effective() <= most_effective_batch(train_samples)) return;
  const BatchSplit* largest = &memory.candidates.front();
  for (const auto& candidate : memory.candidates)
    if (candidate.micro_batch <= draft.settings.micro_batch) largest = &candidate;
  choose(lab, draft, *largest,
         format_text("with {} training samples, a larger effective batch leaves too few steps per epoch: {}",
                     train_samples, product(*largest)),
         nullptr);
}

// The pace of the draft's batch, or of the largest below it that fits.
Measured measure_pace(Lab& lab, Measured measured) {
  Draft& draft = measured.draft;
  MemoryModel& memory = measured.memory;
  const std::int64_t wanted = draft.settings.micro_batch;
  while (!lab.interrupted()) {
    const std::int64_t most = memory.points.empty() ? 0 : std::min(memory.largest_that_fits(lab), wanted);
    if (!choose_within_memory(lab, draft, memory, most)) refuse(lab, memory);
    const std::int64_t batch = draft.settings.micro_batch;
    memory.predict(lab, batch);
    TrialSpec spec;
    spec.candidates = {draft.settings};
    spec.candidates[0].accumulation = 1;
    spec.rounds = pace_rounds;
    spec.whole_run = true;
    const auto result = lab.measure(spec, format_text("pace at micro-batch {}", batch));
    if (result.outcome == TrialOutcome::out_of_memory && lab.open("train.batch_size")) {
      memory.failed_from = batch / 2 + 1;  // the line was wrong, so go well below
      continue;
    }
    if (result.outcome != TrialOutcome::ok) break;
    const CandidateFigures& figures = result.candidates.front();
    memory.points.push_back({batch, result.peak_bytes});  // a third point, near where the line is read
    memory.line = fit_memory(memory.points);
    draft.pace.micro_step_s = median(figures.step_times_s);
    if (!std::isfinite(figures.last_loss))
      lab.note(
          format_text("the loss is not finite after {} steps with the settings that tuning starts from: check "
                      "train.learning_rate",
                      figures.steps));
    break;
  }
  return measured;
}

}  // namespace

Measured nothing_measured(const Lab& lab) {
  Measured measured{first_draft(lab.input()), {}};
  Draft& draft = measured.draft;
  MemoryModel& memory = measured.memory;
  memory.candidates = open_splits(lab, /*memory_forces=*/false);
  if (!lab.open("train.batch_size"))
    std::erase_if(memory.candidates, [&](const auto& one) { return one.micro_batch != draft.settings.micro_batch; });
  return measured;
}

TrialResult measure_peak(Lab& lab, const TrialSettings& settings) {
  TrialSpec spec;
  spec.candidates = {settings};
  spec.whole_run = spec.with_loader = true;  // batches that the loader holds ready take memory too
  if (lab.trials() < rough_trials) spec.rounds = rough_rounds;
  return lab.measure(spec, format_text("memory at micro-batch {}", settings.micro_batch));
}

LineTrials measure_line(Lab& lab, Measured before, Effort effort) {
  const std::int64_t largest = before.memory.candidates.back().micro_batch;
  const std::int64_t small = largest > first_batch ? first_batch : std::max<std::int64_t>(1, largest / 2);
  return measure_line_from(lab, std::move(before), small, effort);
}

Measured measure_memory(Lab& lab, Measured before, Effort effort) {
  if (out_of_time(lab, before.draft, effort)) return before;
  LineTrials trials = measure_line(lab, std::move(before), effort);
  if (trials.measured.memory.points.empty() && trials.last.outcome == TrialOutcome::crashed)
    trials = measure_plain_line(lab, trials, effort);
  Measured measured = std::move(trials.measured);
  if (lab.interrupted()) return measured;
  bound_by_samples(lab, measured, /*memory_forces=*/false);
  if (out_of_time(lab, measured.draft, effort)) return measured;
  MemoryModel& memory = measured.memory;
  // If the trials failed for another reason than memory, the run itself will report it.
  if (memory.points.empty() && trials.last.outcome != TrialOutcome::out_of_memory) return measured;
  if (memory.points.empty() || memory.largest_that_fits(lab) == 0) {  // memory forces micro-batches below 4
    if (lab.open("train.batch_size")) memory.candidates = open_splits(lab, /*memory_forces=*/true);
    const std::int64_t least = memory.candidates.front().micro_batch;
    if (memory.points.empty() && least < memory.failed_from) {
      measured = measure_line_from(lab, std::move(measured), least, effort).measured;
      bound_by_samples(lab, measured, /*memory_forces=*/true);
    }
  }
  if (lab.interrupted()) return measured;
  return measure_pace(lab, std::move(measured));
}

void refuse(const Lab& lab, const MemoryModel& memory) {
  const TuneInput& input = lab.input();
  const std::int64_t least = memory.candidates.front().micro_batch;
  const auto smallest = std::min_element(memory.points.begin(), memory.points.end(),
                                         [](const auto& a, const auto& b) { return a.micro_batch < b.micro_batch; });
  std::string needs = "does not run in that";
  if (memory.line)
    needs = "needs " + format_bytes(memory.line->peak_bytes(least));
  else if (smallest != memory.points.end() && smallest->micro_batch == least)
    needs = "needs " + format_bytes(smallest->peak_bytes);
  const std::string may_use = format_text("each rank may use {} (after tune.margin)", format_bytes(input.budget_bytes));
  if (!lab.open("train.batch_size") ||
      (input.config.train.gradient_accumulation_steps && !lab.effective_batch_is_open()))
    throw UsageError(
        format_text("micro-batch {}, which is fixed, does not fit the memory: {}, and it {}. Set train.batch_size and "
                    "train.gradient_accumulation_steps to auto (without tune.keep_micro_batch), or free memory (see "
                    "tlaunch probe)",
                    least, may_use, needs));
  throw UsageError(format_text(
      "no micro-batch fits the memory: {}, and micro-batch {} {}. Take a smaller model or fewer ranks on this "
      "machine, or free memory (see tlaunch probe)",
      may_use, least, needs));
}

}  // namespace tlaunch
