#include "tuning/search/batch.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/statistics.h"
#include "base/text.h"
#include "base/units.h"
#include "tuning/search/batch_candidates.h"
#include "tuning/search/clock.h"
#include "tuning/search/split.h"

namespace tlaunch {
namespace {

constexpr std::int64_t ladder_rounds = 6;
constexpr double ladder_visit_s = 0.05;
constexpr std::size_t most_candidates = 6;
constexpr double ladder_gain = 0.05;  // the share of a step that another batch is expected to save

// Removes the lower one of the two neighbours that are closest to each other, but never the current batch.
void thin_out(std::vector<BatchSplit>& splits, std::int64_t in_hand) {
  std::size_t closest = 0;
  double least = 1e300;
  for (std::size_t i = 0; i + 1 < splits.size(); ++i) {
    const double ratio = static_cast<double>(splits[i + 1].micro_batch) / static_cast<double>(splits[i].micro_batch);
    if (ratio >= least || splits[i].micro_batch == in_hand) continue;
    least = ratio;
    closest = i;
  }
  splits.erase(splits.begin() + static_cast<std::ptrdiff_t>(closest));
}

// Around the current batch: from an eighth of it up to the largest that fits, at most `most_candidates`. If each has an
// effective batch of its own, a larger one costs more to try, and eight times the current batch is enough.
std::vector<BatchSplit> ladder(const Lab& lab, const Draft& draft, const MemoryModel& memory) {
  const std::int64_t fits = memory.largest_that_fits(lab), in_hand = draft.settings.micro_batch;
  const std::int64_t most = lab.effective_batch_is_open() ? std::min(fits, 8 * in_hand) : fits;
  std::vector<BatchSplit> splits;
  for (const auto& candidate : memory.candidates)
    if (candidate.micro_batch <= most && 8 * candidate.micro_batch >= std::min(most, in_hand))
      splits.push_back(candidate);
  while (lab.effective_batch_is_open() && splits.size() > 1 && splits.front().effective() < least_effective_batch)
    splits.erase(splits.begin());  // only lack of memory makes those worth it, and then the largest
  while (splits.size() > most_candidates) thin_out(splits, in_hand);
  return splits;
}

// One step of each split in each round, and two before them.
double ladder_cost_s(const BatchChoice& now, const std::vector<BatchSplit>& splits) {
  double samples = 0;
  for (const auto& split : splits)
    samples +=
        static_cast<double>(split.micro_batch * std::min(split.accumulation, most_accumulation) * split.world_size);
  return static_cast<double>(ladder_rounds + 2) * samples / now.samples_per_s;
}

// Empty if none ran. Predictions and failures go into `now.memory`.
std::vector<BatchPace> measure_ladder(Lab& lab, BatchChoice& now, std::vector<BatchSplit> splits) {
  while (splits.size() > 1 && !no_time_for(lab, now.draft, 0)) {
    TrialSpec spec;
    for (const auto& split : splits) {
      spec.candidates.push_back(now.draft.settings);
      spec.candidates.back().micro_batch = split.micro_batch;
      spec.candidates.back().accumulation = std::min(split.accumulation, most_accumulation);
    }
    spec.rounds = ladder_rounds;
    spec.visit_s = ladder_visit_s;
    for (const auto& split : splits) now.memory.predict(lab, split.micro_batch);
    const auto result = lab.measure(
        spec, format_text("pace of micro-batches {} to {}", splits.front().micro_batch, splits.back().micro_batch));
    if (lab.interrupted()) return {};
    if (result.outcome == TrialOutcome::ok) {
      std::vector<BatchPace> paces;
      for (std::size_t i = 0; i < splits.size(); ++i) {
        const auto& tried = spec.candidates[i];
        const auto samples = static_cast<double>(tried.micro_batch * tried.accumulation * splits[i].world_size);
        paces.push_back({splits[i], samples / std::max(median(result.candidates[i].step_times_s), 1e-9)});
      }
      return paces;
    }
    now.memory.failed_from = splits.back().micro_batch;  // side by side they need more memory, so the largest goes
    splits.pop_back();
  }
  return {};
}

// If the lowest rung is the best one, the pace falls with the batch: measures three more below it. That rung is
// measured again with them, to make the paces comparable.
std::vector<BatchPace> extended_downwards(Lab& lab, BatchChoice& now, std::vector<BatchPace> paces) {
  const auto* chosen = smallest_within_3_percent(paces);
  if (!chosen || chosen != &paces.front()) return paces;
  std::vector<BatchSplit> lower;
  for (const auto& candidate : now.memory.candidates)
    if (candidate.micro_batch <= chosen->split.micro_batch) lower.push_back(candidate);
  if (lower.size() > 4) lower.erase(lower.begin(), lower.end() - 4);
  if (lower.size() < 2 || no_time_for(lab, now.draft, ladder_cost_s(now, lower))) return paces;
  auto more = measure_ladder(lab, now, lower);
  if (more.empty() || more.back().split.micro_batch != chosen->split.micro_batch) return paces;
  const double scale = chosen->samples_per_s / more.back().samples_per_s;
  more.pop_back();
  for (auto& pace : more) pace.samples_per_s *= scale;
  paces.insert(paces.begin(), more.begin(), more.end());
  return paces;
}

void choose_by_pace(Lab& lab, BatchChoice& now, const std::vector<BatchSplit>& splits) {
  const auto paces = extended_downwards(lab, now, measure_ladder(lab, now, splits));
  if (lab.interrupted()) return;
  const auto* chosen = smallest_within_3_percent(paces);
  if (!chosen) {
    now.draft.keep_prior("train.batch_size", "not measured: the trials of other batches failed");
    return;
  }
  Json measured = Json::object();
  double best = 0;
  for (const auto& pace : paces) {
    measured[std::to_string(pace.split.micro_batch)] = pace.samples_per_s;
    best = std::max(best, pace.samples_per_s);
  }
  now.samples_per_s = chosen->samples_per_s;
  choose(lab, now.draft, chosen->split,
         format_text("the smallest within 3 % of the fastest ({} against {} samples/s of all ranks; {} measured): {}",
                     format_count(chosen->samples_per_s), format_count(best), paces.size(), product(chosen->split)),
         {{"samples_per_s", measured}});
}

}  // namespace

BatchChoice choose_batch(Lab& lab, const Draft& draft, const MemoryModel& memory) {
  BatchChoice now{draft, memory};
  if (lab.interrupted()) return now;
  const char* key = "train.batch_size";
  if (draft.pace.micro_step_s <= 0) {
    now.draft.keep_prior(key, why_not_measured(lab, draft));
    return now;
  }
  now.samples_per_s = draft.samples_per_s();
  if (!lab.open(key)) return now;
  auto splits = ladder(lab, draft, memory);
  const auto too_dear = [&] { return no_time_for(lab, draft, ladder_cost_s(now, splits)); };
  // The most expensive split goes: the smallest, which wastes the machine, or the largest if each split is a step of
  // its own size.
  while (splits.size() > 2 && too_dear())
    splits.erase(lab.effective_batch_is_open() ? splits.end() - 1 : splits.begin());
  if (splits.size() < 2)
    now.draft.keep_prior(key, "the only one that fits");
  else if (too_dear() || !pays_off(lab, draft, ladder_gain, ladder_cost_s(now, splits)))
    now.draft.keep_prior(key, "not measured: it can gain too little for the time it takes");
  else
    choose_by_pace(lab, now, splits);
  return now;
}

}  // namespace tlaunch
