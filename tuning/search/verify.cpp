#include "tuning/search/verify.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "tuning/search/alternatives.h"
#include "tuning/search/clock.h"
#include "tuning/search/memory.h"
#include "tuning/search/split.h"

namespace tlaunch {
namespace {

constexpr int most_step_downs = 4;
constexpr double line_trials = 3;  // what the line of another mode takes, in trials

struct Check {
  bool holds = false;  // or tuning was interrupted
  TrialOutcome outcome = TrialOutcome::ok;
};

Check check_plan(Lab& lab, Verified& now) {
  Draft& draft = now.draft;
  const TrialSettings& settings = draft.settings;
  if (now.memory.is_of(settings))
    now.memory.predict(lab, settings.micro_batch);
  else
    now.memory.predicted_peak_bytes = 0;  // the line is of another mode
  const auto& budget_s = lab.input().budget_s;
  const bool in_time = !budget_s || lab.elapsed_s() + last_check_s(lab, draft, /*fresh=*/false) <= *budget_s;
  const double left_s = (time_budget_s(lab, draft) - lab.elapsed_s() - lab.side_figures().whole_run_s) / rehearsal_cost;
  const double micro_step_s = draft.pace.micro_step_s > 0 ? draft.pace.micro_step_s : draft.pace.reckoned_s;
  TrialSpec spec = rehearsal(settings, std::clamp(left_s, least_rehearsal_s, wanted_rehearsal_s(lab, draft)),
                             micro_step_s * static_cast<double>(std::min(settings.accumulation, most_accumulation)));
  if (!in_time) {
    spec.rounds = 0;
    spec.evaluation_s = 0;
  }
  const auto result = lab.measure(spec, format_text("memory at the chosen micro-batch {}{}", settings.micro_batch,
                                                    in_time ? ", and the run's pace" : ""));
  if (lab.interrupted()) return {true, result.outcome};
  const auto peak = now.memory.record(lab, settings.micro_batch, result);
  if (peak) now.measured_peak_bytes = peak->peak_bytes;
  now.pace = pace_of(spec, result, settings.accumulation);
  if (now.pace && now.samples_per_s <= 0)
    now.samples_per_s = static_cast<double>(draft.split().effective()) / now.pace->step.likely_s;
  return {peak && lab.within_memory(peak->peak_bytes), result.outcome};
}

// Back to an earlier mode, because the chosen mode fails with everything that a run keeps in memory. `failure`: how.
void give_up_mode(Verified& now, const TrialSettings& earlier, TrialOutcome failure) {
  Draft& draft = now.draft;
  const TrialSettings failed = draft.settings;
  draft.settings = earlier;
  draft.settings.micro_batch = failed.micro_batch;
  draft.settings.accumulation = failed.accumulation;
  draft.settings.threads = failed.threads;
  for (const char* key : switch_keys)
    if (value_of(failed, key) != value_of(draft.settings, key))
      draft.set(
          key, value_of(draft.settings, key),
          format_text("unchanged: the faster setting did not run with everything that training keeps in memory ({})",
                      to_string(failure)),
          nullptr);
  now.samples_per_s = 0;
}

// A third point of the line, halfway to a batch that is far from the small ones. Nothing if it was not tried.
std::optional<TrialOutcome> measure_halfway(Lab& lab, const TrialSettings& chosen, MemoryModel& memory) {
  const std::int64_t half = chosen.micro_batch / 2;
  if (!memory.line || memory.points.empty() || half < 2 * memory.points.back().micro_batch) return std::nullopt;
  if (!lab.within_memory(memory.line->peak_bytes(half))) return std::nullopt;
  auto settings = chosen;
  settings.micro_batch = half;
  settings.accumulation = 1;
  memory.predict(lab, half);
  const auto result = measure_peak(lab, settings);
  if (memory.record(lab, half, result)) memory.line = fit_memory(memory.points);
  return result.outcome;
}

// Measures the line of the chosen mode. If nothing fits, gives that mode up; then memory fails from `failed_before` on,
// as it did before.
void measure_new_mode(Lab& lab, Verified& now, std::int64_t failed_before, Effort effort) {
  MemoryModel before = now.memory;
  LineTrials trials = measure_line(lab, {std::move(now.draft), std::move(now.memory)}, effort);
  now.draft = std::move(trials.measured.draft);
  now.memory = std::move(trials.measured.memory);
  if (lab.interrupted()) return;
  const auto halfway = measure_halfway(lab, now.draft.settings, now.memory);
  if (lab.interrupted()) return;
  if (!now.memory.points.empty() && now.memory.largest_that_fits(lab) > 0) return;
  before.failed_from = failed_before;
  before.candidates = now.memory.candidates;
  before.predicted_peak_bytes = now.memory.predicted_peak_bytes;
  now.memory = std::move(before);
  give_up_mode(now, now.memory.measured_in, halfway.value_or(trials.last.outcome));
}

// No check held: takes a batch that was measured to fit, which needs no further trial.
void fall_back(const Lab& lab, Verified& now) {
  MemoryModel& memory = now.memory;
  const MemoryPoint* safe = nullptr;
  for (const auto& point : memory.points)
    if (point.micro_batch < memory.failed_from && (!safe || point.micro_batch > safe->micro_batch)) safe = &point;
  if (safe && safe->micro_batch < memory.candidates.front().micro_batch)
    memory.candidates = open_splits(lab, /*memory_forces=*/true);
  if (!safe || !choose_within_memory(lab, now.draft, memory, safe->micro_batch)) refuse(lab, memory);
  now.measured_peak_bytes = safe->peak_bytes;
}

// Checks the plan, and a smaller batch if it does not hold, a few times. Returns false if none held.
bool step_down_until_it_holds(Lab& lab, Verified& now, std::int64_t failed_before, Effort effort) {
  const bool batch_open = lab.open("train.batch_size");
  MemoryModel& memory = now.memory;
  for (int down = 0; down <= most_step_downs && !lab.interrupted(); ++down) {
    const std::int64_t in_hand = now.draft.settings.micro_batch;
    const std::int64_t most = std::min(memory.largest_that_fits(lab), in_hand);
    if (most < in_hand && batch_open && !choose_within_memory(lab, now.draft, memory, most)) return false;
    const Check check = check_plan(lab, now);
    if (check.holds) return true;
    if (!memory.is_of(now.draft.settings)) {
      // Even without time: whether this mode runs at all, and what it needs, must be known now.
      measure_new_mode(lab, now, failed_before, effort);
      continue;
    }
    const std::int64_t batch = now.draft.settings.micro_batch;
    if (!batch_open) {
      lab.note(format_text("micro-batch {}, set in the config, does not fit the memory budget", batch));
      return true;
    }
    if (check.outcome == TrialOutcome::ok)
      memory.line = fit_memory(memory.points);  // the line was wrong
    else
      memory.failed_from = std::min(memory.failed_from, batch / 2 + 1);  // wrong by an unknown amount, so go well below
  }
  return lab.interrupted();
}

}  // namespace

Verified verify(Lab& lab, const LoadingChoice& chosen, const MemoryModel& memory) {
  Verified now{chosen.draft, memory, chosen.samples_per_s, 0, {}};
  const TuneInput& input = lab.input();
  if (lab.interrupted() || (memory.points.empty() && !user_budget_spent(lab, now.draft))) return now;
  const std::int64_t failed_before = memory.failed_from;  // in the line's mode; a check may fail in another mode
  // A heap that has served other batches and precisions is larger than the run's will be.
  if (!input.job.on_gpu && !now.draft.pace.short_run &&
      (input.budget_s ||
       lab.elapsed_s() + last_check_s(lab, now.draft, /*fresh=*/true) <= time_budget_s(lab, now.draft)))
    lab.use_new_processes();
  Effort effort = Effort::within_budget;
  if (user_budget_spent(lab, now.draft)) {  // one trial protects the run; more only if that shows too little memory
    if (check_plan(lab, now).holds) return now;
    effort = Effort::until_known;
    if (now.draft.pace.micro_step_s <= 0) {  // the measurement of memory was broken off
      Measured measured = measure_memory(lab, {std::move(now.draft), std::move(now.memory)}, effort);
      now.draft = std::move(measured.draft);
      now.memory = std::move(measured.memory);
    }
    if (lab.interrupted() || now.memory.points.empty()) return now;
  }
  if (!now.memory.is_of(now.draft.settings) &&
      (effort == Effort::until_known || input.thorough ||
       !no_time_for(lab, now.draft, line_trials * lab.side_figures().whole_run_s)))
    // The chosen mode has another line. Without time for it, the check alone decides.
    measure_new_mode(lab, now, failed_before, effort);
  if (!step_down_until_it_holds(lab, now, failed_before, effort)) fall_back(lab, now);
  return now;
}

}  // namespace tlaunch
