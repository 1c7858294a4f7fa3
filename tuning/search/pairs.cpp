#include "tuning/search/pairs.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>

#include "base/text.h"
#include "tuning/search/clock.h"
#include "tuning/search/paired_test.h"

namespace tlaunch {
namespace {

constexpr std::int64_t blocks = 10;  // of two rounds, A B B A
constexpr double visit_s = 0.05;     // shorter ones are lost in the noise of the scheduler
constexpr double significance = 0.05, least_speedup = 1.03, abandon_ratio = 1.10;
constexpr double share_of_pair = 0.25;  // of the time budget, at most, if a smaller batch can keep to it
// How much the loss may differ after some 20 steps on the same batch: of our last loss, and of our first loss.
constexpr double most_drift = 0.10, drift_floor = 0.02;

struct Pair {
  Alternative alternative;
  std::int64_t micro_batch = 1;  // of the trial
  PairedResult result = {};
  double loss_ratio = 1;  // of the alternative over ours, after equal steps on the same batch
  bool vetoed = false, abandoned = false;
  std::string failure = {};  // "" if it ran
};

std::string named(const std::string& key, const Json& value) {
  if (key == "gpu.mixed_precision") return value == "off" ? "float32" : value_text(value);
  if (key == "launch.threads_per_rank") return value_text(value) + (value == 1 ? " thread" : " threads");
  return short_name(key) + (value == true ? " on" : " off");
}

std::vector<bool> won(const std::vector<Pair>& pairs) {
  std::vector<double> p_values;
  for (const auto& pair : pairs) p_values.push_back(pair.failure.empty() && !pair.abandoned ? pair.result.p_value : 1);
  auto won = holm(p_values, significance);
  for (std::size_t i = 0; i < pairs.size(); ++i)
    won[i] = won[i] && pairs[i].result.speedup >= least_speedup && !pairs[i].vetoed;
  return won;
}

double step_s(const Draft& draft, std::int64_t micro_batch) {
  return draft.pace.micro_step_s * static_cast<double>(micro_batch) / static_cast<double>(draft.settings.micro_batch);
}

double pair_cost_s(const Draft& draft, std::int64_t batch) {
  return static_cast<double>(2 * 2 * blocks) * std::max(visit_s, step_s(draft, batch)) + 8 * step_s(draft, batch);
}

// The current micro-batch. If its steps are long: the largest below it, down to an eighth, that leaves time for other
// trials.
std::int64_t pair_batch(const Lab& lab, const Draft& draft, const std::vector<BatchSplit>& candidates) {
  const std::int64_t in_hand = draft.settings.micro_batch;
  std::int64_t batch = in_hand;
  for (auto one = candidates.rbegin(); one != candidates.rend(); ++one) {
    if (one->micro_batch >= batch) continue;
    if (pair_cost_s(draft, batch) <= share_of_pair * time_budget_s(lab, draft) || step_s(draft, batch) <= visit_s ||
        8 * one->micro_batch < in_hand)
      break;
    batch = one->micro_batch;
  }
  return batch;
}

Pair measure_pair(Lab& lab, const TrialSettings& now, std::int64_t batch, const Alternative& alternative,
                  bool with_loader) {
  TrialSpec spec;
  spec.candidates = {now, alternative.settings};
  for (auto& settings : spec.candidates) {
    settings.accumulation = 1;
    settings.micro_batch = batch;
  }
  spec.rounds = 2 * blocks;
  spec.visit_s = visit_s;
  spec.abandon_ratio = abandon_ratio;
  spec.with_loader = with_loader;
  Pair pair{alternative, batch};
  const std::string& key = alternative.key;
  const auto result = lab.measure(spec, format_text("{} against {}", named(key, value_of(alternative.settings, key)),
                                                    named(key, value_of(now, key))));
  if (result.outcome != TrialOutcome::ok) {
    pair.failure = to_string(result.outcome) + (result.message.empty() ? "" : ": " + result.message);
    return pair;
  }
  const auto &ours = result.candidates[0], &theirs = result.candidates[1];
  pair.abandoned = result.abandoned;
  pair.result = compare_paired(ours.step_times_s, theirs.step_times_s);
  pair.loss_ratio = theirs.last_loss / ours.last_loss;
  // If our own loss is not finite either, the other setting is not to blame.
  pair.vetoed = std::isfinite(ours.last_loss) &&
                !(theirs.last_loss <= ours.last_loss * (1 + most_drift) + drift_floor * ours.first_loss);
  return pair;
}

std::vector<Pair> measure_pairs(Lab& lab, Draft& draft, const std::vector<BatchSplit>& candidates,
                                const std::vector<Alternative>& offered, bool with_loader) {
  std::vector<Pair> pairs;
  for (const auto& alternative : offered) {
    if (lab.interrupted()) break;
    const std::int64_t batch = pair_batch(lab, draft, candidates);
    const double cost_s = pair_cost_s(draft, batch);
    if (no_time_for(lab, draft, cost_s)) {
      draft.keep_prior(alternative.key, why_not_measured(lab, draft));
    } else if (!pays_off(lab, draft, alternative.expected_gain, cost_s)) {
      draft.keep_prior(alternative.key, "not measured: the run is too short to win back the time");
    } else {
      pairs.push_back(measure_pair(lab, draft.settings, batch, alternative, with_loader));
    }
  }
  return pairs;
}

void adopt(PairsResult& so_far, const Pair& pair) {
  Draft& draft = so_far.draft;
  const std::string& key = pair.alternative.key;
  const Json value = value_of(pair.alternative.settings, key), before = value_of(draft.settings, key);
  const BatchSplit split = draft.split();
  draft.settings = pair.alternative.settings;
  draft.settings.micro_batch = split.micro_batch;
  draft.settings.accumulation = split.accumulation;
  draft.pace.micro_step_s /= pair.result.speedup;
  so_far.speedup *= pair.result.speedup;
  const std::string loss = std::abs(pair.loss_ratio - 1) < 0.005 ? "equal" : format_text("{:.3f}x", pair.loss_ratio);
  draft.set(key, value,
            format_text("{}: {:.2f}x faster than {}, p = {:.3f}, loss {}", named(key, value), pair.result.speedup,
                        named(key, before), pair.result.p_value, loss),
            {{"speedup", pair.result.speedup},
             {"p_value", pair.result.p_value},
             {"blocks", pair.result.blocks},
             {"loss_ratio", pair.loss_ratio},
             {"micro_batch", pair.micro_batch}});
}

// The current setting stays. If two lost against it (bf16 and fp16), the reason names both.
void turn_down(Draft& draft, const Pair& pair, bool another_lost) {
  const std::string& key = pair.alternative.key;
  const std::string other = named(key, value_of(pair.alternative.settings, key));
  std::string why;
  if (!pair.failure.empty())
    why = format_text("{} did not run here ({})", other, pair.failure);
  else if (pair.vetoed)
    why = format_text("the loss diverges with {} ({:.3f}x after equal steps)", other, pair.loss_ratio);
  else if (pair.result.blocks == 0)
    why = format_text("{} is so slow that its trial was ended after the first steps", other);
  else if (pair.abandoned)
    why = format_text("{} is {:.2f}x as fast", other, pair.result.speedup);
  else
    why = format_text("{} is {:.2f}x as fast, p = {:.3f}", other, pair.result.speedup, pair.result.p_value);
  const Json value = value_of(draft.settings, key);
  draft.set(key, value,
            another_lost ? draft.plan.find(key)->reason + "; " + why : format_text("{}: {}", named(key, value), why),
            {{"speedup", pair.result.speedup},
             {"p_value", pair.result.p_value},
             {"blocks", pair.result.blocks},
             {"loss_ratio", pair.loss_ratio}});
}

// Measures `winner` again with the setting that was adopted: gains of switches do not simply multiply.
void try_on_top(Lab& lab, PairsResult& so_far, const std::vector<BatchSplit>& candidates, const Pair& winner,
                const std::string& adopted_key) {
  Draft& draft = so_far.draft;
  const TuneInput& input = lab.input();
  const std::string& key = winner.alternative.key;
  const Json wanted = value_of(winner.alternative.settings, key);
  const auto stays = [&](const std::string& why, const PairedResult& result) {
    const Json value = value_of(draft.settings, key);
    draft.set(key, value,
              format_text("{}: {} {} with {}", named(key, value), named(key, wanted), why, short_name(adopted_key)),
              {{"speedup", result.speedup}, {"p_value", result.p_value}});
  };
  const auto offered = alternatives(draft.settings, input.config, input.hardware, input.job);
  const auto again = std::find_if(offered.begin(), offered.end(), [&](const Alternative& one) {
    return one.key == key && value_of(one.settings, key) == wanted;
  });
  if (again == offered.end()) return stays("has no effect", winner.result);
  const std::int64_t batch = pair_batch(lab, draft, candidates);
  if (no_time_for(lab, draft, pair_cost_s(draft, batch)))
    return draft.keep_prior(key, "measured alone but not with the other changes: no time was left");
  const Pair together = measure_pair(lab, draft.settings, batch, *again, /*with_loader=*/false);
  if (won({together}).front())
    adopt(so_far, together);
  else if (together.failure.empty())
    stays("gains nothing more", together.result);
  else
    stays(format_text("did not run ({})", together.failure), together.result);
}

}  // namespace

PairsResult compare_in_pairs(Lab& lab, Draft draft, const std::vector<BatchSplit>& candidates,
                             const std::vector<Alternative>& offered, bool with_loader) {
  PairsResult so_far{std::move(draft)};
  const std::vector<Pair> pairs = measure_pairs(lab, so_far.draft, candidates, offered, with_loader);
  if (lab.interrupted()) return so_far;
  const auto has_won = won(pairs);
  std::vector<const Pair*> winners;
  std::set<std::string> lost;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (has_won[i])
      winners.push_back(&pairs[i]);
    else
      turn_down(so_far.draft, pairs[i], !lost.insert(pairs[i].alternative.key).second);
  }
  if (winners.empty()) return so_far;
  std::sort(winners.begin(), winners.end(),
            [](const Pair* a, const Pair* b) { return a->result.speedup > b->result.speedup; });
  const std::string& first_key = winners.front()->alternative.key;
  adopt(so_far, *winners.front());
  for (const Pair* winner : winners)  // of two precisions only the faster one wins
    if (winner->alternative.key != first_key) try_on_top(lab, so_far, candidates, *winner, first_key);
  // A switch that failed with the old setting may run with the new one, in another kernel.
  for (const auto& pair : pairs)
    if (!pair.failure.empty() && pair.alternative.key != first_key && !lab.interrupted())
      try_on_top(lab, so_far, candidates, pair, first_key);
  return so_far;
}

}  // namespace tlaunch
