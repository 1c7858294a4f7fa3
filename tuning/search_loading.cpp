// Search: the loader beside the step it feeds.
#include <algorithm>
#include <cmath>

#include "base/statistics.h"
#include "base/units.h"
#include "tuning/search.h"

namespace tlaunch {
namespace {

constexpr double reserve = 1.25;    // a loader is to be so much faster than the step it feeds
constexpr double most_wait = 0.02;  // of a step: with more the loader gets more
constexpr int most_raises = 3;
constexpr std::int64_t most_prefetch = 16, most_feed_accumulation = 4;
constexpr std::int64_t feed_rounds = 4;  // the first of them uses up what the loader had made before
constexpr double feed_visit_s = 0.1, feed_gain = 0.02, same_pace = 1.03, less_wait = 0.98;

}  // namespace

void Search::reckon_workers() {
  const double batch_s = make_batch_s_ * static_cast<double>(now_.micro_batch);
  const std::int64_t most = cores_of_a_rank(input_.hardware, input_.job);
  const auto wanted = static_cast<std::int64_t>(std::ceil(reserve * batch_s / step_time_s_));
  now_.num_workers = std::clamp<std::int64_t>(wanted, 1, most);
  set("data.num_workers", now_.num_workers,
      "one thread makes a batch in " + format_milliseconds(batch_s) + ", a micro-batch trains in " +
          format_milliseconds(step_time_s_) +
          (now_.num_workers < wanted
               ? "; all " + std::to_string(most) + " cores of a rank, and the loader will still hold it up"
               : ""),
      {{"make_batch_s", batch_s}, {"micro_step_s", step_time_s_}});
}

// Whole steps fed by the loader with the settings in hand. `whole_run`: as TrialSpec's.
std::optional<Search::Feed> Search::measure_feed(bool whole_run) {
  TrialSpec spec;
  spec.candidates = {now_};
  spec.candidates[0].accumulation = std::min(now_.accumulation, most_feed_accumulation);
  spec.rounds = feed_rounds;
  const auto ahead = static_cast<double>(now_.num_workers * now_.prefetch_factor);  // batches: each visit outlasts them
  spec.visit_s = std::max(feed_visit_s, ahead * step_time_s_);
  spec.with_loader = true;
  spec.whole_run = whole_run;
  const auto result = measure(spec, "the wait for " + std::to_string(now_.num_workers) + " loader " +
                                        (now_.num_workers == 1 ? "thread" : "threads") + ", prefetch " +
                                        std::to_string(now_.prefetch_factor));
  if (result.outcome != TrialOutcome::ok) return std::nullopt;
  const auto& figures = result.candidates.front();
  const auto after_first = [](const std::vector<double>& visits) {
    return median({visits.begin() + std::min<std::ptrdiff_t>(1, std::ssize(visits)), visits.end()});
  };
  return Feed{after_first(figures.wait_shares), after_first(figures.step_times_s), result.peak_bytes};
}

bool Search::feed_more() {
  if (open("data.num_workers") && now_.num_workers < cores_of_a_rank(input_.hardware, input_.job)) {
    now_.num_workers = std::min(2 * now_.num_workers, cores_of_a_rank(input_.hardware, input_.job));
    return true;
  }
  if (!open("data.prefetch_factor") || now_.num_workers == 0 || now_.prefetch_factor >= most_prefetch) return false;
  now_.prefetch_factor = std::min(2 * now_.prefetch_factor, most_prefetch);
  return true;
}

void Search::choose_feed() {
  const auto ahead = static_cast<double>(now_.num_workers * now_.prefetch_factor);
  const double steps_s = step_time_s_ * static_cast<double>(std::min(now_.accumulation, most_feed_accumulation));
  const double cost_s =
      2 * steps_s + static_cast<double>(feed_rounds) * std::max({feed_visit_s, steps_s, ahead * step_time_s_});
  const std::string told_by = open("data.num_workers") ? "data.num_workers" : "data.prefetch_factor";
  const auto add = [&](const std::string& what) {
    if (const Choice* told = outcome_.plan.find(told_by))
      set(told_by, value_of(now_, told_by), told->reason + "; " + what, told->evidence);
  };
  if (over(cost_s) || !worth(feed_gain, cost_s)) {
    if (open("data.num_workers")) add("the wait for it was not measured: too little time for what it can win");
    return;
  }
  auto feed = measure_feed(/*whole_run=*/false);
  if (!feed) {
    if (!outcome_.interrupted) add("the trial with the loader failed (" + std::string(to_string(last_.outcome)) + ")");
    return;
  }
  const double first_share = feed->wait_share;
  for (int raise = 0; raise < most_raises && feed->wait_share > most_wait && !over(cost_s); ++raise) {
    const auto kept = now_;
    if (!feed_more()) break;
    const auto more = measure_feed(/*whole_run=*/true);  // what is made ahead takes memory
    const bool fits = more && (outcome_.budget_bytes == 0 || more->peak_bytes <= outcome_.budget_bytes);
    if (fits && more->wait_share < less_wait * feed->wait_share && more->step_time_s <= same_pace * feed->step_time_s) {
      feed = more;
      continue;
    }
    now_ = kept;
    break;
  }
  if (feed->wait_share > most_wait) {  // then the loader sets the pace
    const auto accumulation = std::min(now_.accumulation, most_feed_accumulation);
    const auto samples = static_cast<double>(now_.micro_batch * accumulation * input_.job.world_size);
    outcome_.samples_per_s = std::min(outcome_.samples_per_s, samples / feed->step_time_s);
  }
  std::string why = "a step waits for its batches " + format_percent(feed->wait_share) + " of the time";
  if (feed->wait_share < first_share) why += " (" + format_percent(first_share) + " before)";
  for (const char* key : {"data.num_workers", "data.prefetch_factor"}) {
    const Choice* choice = outcome_.plan.find(key);
    if (!open(key)) continue;
    Json evidence = choice->evidence.is_null() ? Json::object() : choice->evidence;
    evidence["wait_share"] = feed->wait_share;
    set(key, value_of(now_, key), choice->reason + "; " + why, evidence);
  }
}

void Search::choose_threads() {
  if (input_.job.on_gpu) return;
  const auto threads = now_.threads;
  settle(measure_pairs(loading_alternatives(now_, input_.config, input_.hardware, input_.job), /*with_loader=*/true));
  if (now_.threads != threads)
    outcome_.notes.push_back(std::to_string(now_.threads) + " instead of " + std::to_string(threads) +
                             " threads a rank may add numbers up in another order, and so change the last bits of "
                             "results; launch.threads_per_rank=N holds the number");
}

void Search::choose_loading() {
  if (outcome_.samples_per_s <= 0) return;
  step_time_s_ = static_cast<double>(now_.micro_batch * input_.job.world_size) / outcome_.samples_per_s;
  if (open("data.num_workers")) reckon_workers();
  if (open("data.num_workers") || open("data.prefetch_factor")) choose_feed();
  if (input_.job.on_gpu)
    settle(measure_pairs(loading_alternatives(now_, input_.config, input_.hardware, input_.job), /*with_loader=*/true));
}

}  // namespace tlaunch
