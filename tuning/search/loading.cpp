#include "tuning/search/loading.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/statistics.h"
#include "base/text.h"
#include "base/units.h"
#include "tuning/search/alternatives.h"
#include "tuning/search/clock.h"
#include "tuning/search/pairs.h"

namespace tlaunch {
namespace {

constexpr double reserve = 1.25;    // how much faster the loader should be than the step it feeds
constexpr double most_wait = 0.02;  // share of a step; if it waits longer, the loader gets more threads or prefetch
constexpr int most_raises = 3;
constexpr std::int64_t most_prefetch = 16;
constexpr std::int64_t feed_rounds = 4;  // the first one uses up the batches that the loader had ready
constexpr double feed_visit_s = 0.1, feed_gain = 0.02, same_pace = 1.03, less_wait = 0.98;

// How the loader keeps up with the step.
struct Feed {
  double wait_share = 0, step_time_s = 0;  // the share of the time spent waiting; of an optimizer step
  std::uint64_t peak_bytes = 0;
};

std::int64_t cores(const Lab& lab) { return cores_of_a_rank(lab.input().hardware, lab.input().job); }

// How long a trial's visit must be at least to outlast the batches that the loader has ready.
double visit_s_beyond_ready(const Draft& draft) {
  const TrialSettings& now = draft.settings;
  return static_cast<double>(now.num_workers * now.prefetch_factor) * draft.pace.micro_step_s;
}

void reckon_workers(const Lab& lab, Draft& draft) {
  const double batch_s = lab.side_figures().make_batch_s * static_cast<double>(draft.settings.micro_batch);
  const double micro_step_s = draft.pace.micro_step_s;
  const auto wanted = static_cast<std::int64_t>(std::ceil(reserve * batch_s / micro_step_s));
  const std::int64_t chosen = std::clamp<std::int64_t>(wanted, 1, cores(lab));
  const std::string too_few =
      chosen < wanted ? format_text("; even all {} cores of a rank cannot keep up", cores(lab)) : "";
  draft.settings.num_workers = chosen;
  draft.set("data.num_workers", chosen,
            format_text("one thread makes a batch in {}, a micro-batch trains in {}{}", format_milliseconds(batch_s),
                        format_milliseconds(micro_step_s), too_few),
            {{"make_batch_s", batch_s}, {"micro_step_s", micro_step_s}});
}

struct FeedTrial {
  TrialOutcome outcome = TrialOutcome::ok;
  std::optional<Feed> feed;  // if the outcome is ok
};

// Whole steps fed by the loader with the current settings. `whole_run`: as in TrialSpec.
FeedTrial measure_feed(Lab& lab, const Draft& draft, bool whole_run) {
  const TrialSettings& now = draft.settings;
  TrialSpec spec;
  spec.candidates = {now};
  spec.candidates[0].accumulation = std::min(now.accumulation, most_accumulation);
  spec.rounds = feed_rounds;
  spec.visit_s = std::max(feed_visit_s, visit_s_beyond_ready(draft));
  spec.with_loader = true;
  spec.whole_run = whole_run;
  const auto result =
      lab.measure(spec, format_text("the wait for {}, prefetch {}", format_number_of(now.num_workers, "loader thread"),
                                    now.prefetch_factor));
  if (result.outcome != TrialOutcome::ok) return {result.outcome, {}};
  const auto& figures = result.candidates.front();
  const auto after_first = [](const std::vector<double>& visits) {
    return median({visits.begin() + std::min<std::ptrdiff_t>(1, std::ssize(visits)), visits.end()});
  };
  return {result.outcome, Feed{after_first(figures.wait_shares), after_first(figures.step_times_s), result.peak_bytes}};
}

// Gives more to the loader; nothing if there is no more to give.
std::optional<TrialSettings> with_more_loading(const Lab& lab, TrialSettings settings) {
  if (lab.open("data.num_workers") && settings.num_workers < cores(lab)) {
    settings.num_workers = std::min(2 * settings.num_workers, cores(lab));
    return settings;
  }
  if (!lab.open("data.prefetch_factor") || settings.num_workers == 0 || settings.prefetch_factor >= most_prefetch)
    return std::nullopt;
  settings.prefetch_factor = std::min(2 * settings.prefetch_factor, most_prefetch);
  return settings;
}

double feed_cost_s(const Draft& draft) {
  const double steps_s =
      draft.pace.micro_step_s * static_cast<double>(std::min(draft.settings.accumulation, most_accumulation));
  return 2 * steps_s +
         static_cast<double>(feed_rounds) * std::max({feed_visit_s, steps_s, visit_s_beyond_ready(draft)});
}

// Gives the loader more as long as the step waits for it and that helps. Changes the draft's settings, and returns how
// the loader keeps up with them.
Feed raise_feed(Lab& lab, Draft& draft, Feed feed, double cost_s) {
  for (int raise = 0; raise < most_raises && feed.wait_share > most_wait && !no_time_for(lab, draft, cost_s); ++raise) {
    const auto raised = with_more_loading(lab, draft.settings);
    if (!raised) break;
    Draft trial = draft;
    trial.settings = *raised;
    const auto more = measure_feed(lab, trial, /*whole_run=*/true).feed;  // batches that are ready take memory
    const bool better = more && lab.within_memory(more->peak_bytes) && more->wait_share < less_wait * feed.wait_share &&
                        more->step_time_s <= same_pace * feed.step_time_s;
    if (!better) break;
    draft = trial;
    feed = *more;
  }
  return feed;
}

void add_to_reason(Draft& draft, const std::string& key, const std::string& what) {
  if (const Choice* choice = draft.plan.find(key))
    draft.set(key, value_of(draft.settings, key), choice->reason + "; " + what, choice->evidence);
}

void choose_feed(Lab& lab, LoadingChoice& now) {
  Draft& draft = now.draft;
  const double cost_s = feed_cost_s(draft);
  const bool workers_open = lab.open("data.num_workers");
  if (no_time_for(lab, draft, cost_s) || !pays_off(lab, draft, feed_gain, cost_s)) {
    if (workers_open)
      add_to_reason(draft, "data.num_workers",
                    "the wait for the loader was not measured: it can gain too little for the time it takes");
    return;
  }
  const FeedTrial first = measure_feed(lab, draft, /*whole_run=*/false);
  if (!first.feed) {
    if (!lab.interrupted())
      add_to_reason(draft, workers_open ? "data.num_workers" : "data.prefetch_factor",
                    format_text("the trial with the loader failed ({})", to_string(first.outcome)));
    return;
  }
  const Feed feed = raise_feed(lab, draft, *first.feed, cost_s);
  if (feed.wait_share > most_wait) {  // then the loader sets the pace
    const auto accumulation = std::min(draft.settings.accumulation, most_accumulation);
    const auto samples = static_cast<double>(draft.settings.micro_batch * accumulation * draft.world_size);
    now.samples_per_s = std::min(now.samples_per_s, samples / feed.step_time_s);
  }
  std::string why = format_text("a step waits for its batches {} of the time", format_percent(feed.wait_share));
  if (feed.wait_share < first.feed->wait_share)
    why += format_text(" ({} before)", format_percent(first.feed->wait_share));
  for (const char* key : {"data.num_workers", "data.prefetch_factor"}) {
    if (!lab.open(key)) continue;
    const Choice* choice = draft.plan.find(key);
    Json evidence = choice->evidence.is_null() ? Json::object() : choice->evidence;
    evidence["wait_share"] = feed.wait_share;
    draft.set(key, value_of(draft.settings, key), choice->reason + "; " + why, evidence);
  }
}

}  // namespace

LoadingChoice choose_loading(Lab& lab, const BatchChoice& batch) {
  LoadingChoice now{batch.draft, batch.samples_per_s};
  if (now.samples_per_s <= 0) return now;
  Draft& draft = now.draft;
  draft.pace.micro_step_s = static_cast<double>(draft.settings.micro_batch * draft.world_size) / now.samples_per_s;
  if (lab.open("data.num_workers")) reckon_workers(lab, draft);
  if (lab.open("data.num_workers") || lab.open("data.prefetch_factor")) choose_feed(lab, now);
  const TuneInput& input = lab.input();
  if (!input.job.on_gpu) return now;
  const auto offered = loading_alternatives(draft.settings, input.config, input.hardware, input.job);
  PairsResult pairs = compare_in_pairs(lab, draft, batch.memory.candidates, offered, /*with_loader=*/true);
  return {std::move(pairs.draft), now.samples_per_s * pairs.speedup};
}

}  // namespace tlaunch
