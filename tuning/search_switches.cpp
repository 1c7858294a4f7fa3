// Search: precision, layout and kernel switches, in pairs.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tuning/search.h"

namespace tlaunch {
namespace {

constexpr std::int64_t blocks = 10;  // of two rounds, A B B A
constexpr double visit_s = 0.05;     // shorter ones are lost in the noise of the scheduler
constexpr double significance = 0.05, least_speedup = 1.03, abandon_ratio = 1.10;
constexpr double share_of_pair = 0.25;  // of the time budget, at most, where a smaller batch can hold it
// On one batch shown again and again; what is left of the loss after some 20 steps may differ so much.
constexpr double most_drift = 0.10, drift_floor = 0.02;

std::string number(const char* format, double value) {
  char text[40];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string named(const std::string& key, const Json& value) {
  if (key == "gpu.mixed_precision") return value == "off" ? "float32" : value_text(value);
  if (key == "launch.threads_per_rank") return value_text(value) + (value == 1 ? " thread" : " threads");
  return short_name(key) + (value == true ? " on" : " off");
}

}  // namespace

double Search::step_time_s(std::int64_t micro_batch) const {
  return step_time_s_ * static_cast<double>(micro_batch) / static_cast<double>(now_.micro_batch);
}

// The micro-batch in hand; where its steps are long, the largest below it, down to an eighth, that leaves time for
// others.
std::int64_t Search::pair_batch() const {
  std::int64_t batch = now_.micro_batch;
  for (auto one = candidates_.rbegin(); one != candidates_.rend(); ++one) {
    if (one->micro_batch >= batch) continue;
    if (pair_cost_s(batch) <= share_of_pair * time_budget_s() || step_time_s(batch) <= visit_s ||
        8 * one->micro_batch < now_.micro_batch)
      break;
    batch = one->micro_batch;
  }
  return batch;
}

double Search::pair_cost_s(std::int64_t batch) const {
  return static_cast<double>(2 * 2 * blocks) * std::max(visit_s, step_time_s(batch)) + 8 * step_time_s(batch);
}

Search::Pair Search::measure_pair(const Alternative& alternative, bool with_loader) {
  TrialSpec spec;
  spec.candidates = {now_, alternative.settings};
  const std::int64_t batch = pair_batch();
  for (auto& settings : spec.candidates) settings.accumulation = 1, settings.micro_batch = batch;
  spec.rounds = 2 * blocks;
  spec.visit_s = visit_s;
  spec.abandon_ratio = abandon_ratio;
  spec.with_loader = with_loader;
  Pair pair{alternative, {}, batch, 1, false, false, ""};
  const auto result = measure(spec, named(alternative.key, value_of(alternative.settings, alternative.key)) +
                                        " against " + named(alternative.key, value_of(now_, alternative.key)));
  if (result.outcome != TrialOutcome::ok) {
    pair.failure = std::string(to_string(result.outcome)) + (result.message.empty() ? "" : ": " + result.message);
    return pair;
  }
  const auto &ours = result.candidates[0], &theirs = result.candidates[1];
  pair.abandoned = result.abandoned;
  pair.result = compare_paired(ours.step_times_s, theirs.step_times_s);
  pair.loss_ratio = theirs.last_loss / ours.last_loss;
  // Where our own loss is not finite either, the other setting is not to blame.
  pair.vetoed = std::isfinite(ours.last_loss) &&
                !(theirs.last_loss <= ours.last_loss * (1 + most_drift) + drift_floor * ours.first_loss);
  return pair;
}

void Search::adopt(const Pair& pair) {
  const std::string& key = pair.alternative.key;
  const Json value = value_of(pair.alternative.settings, key), before = value_of(now_, key);
  const auto kept = now_;
  now_ = pair.alternative.settings;
  now_.micro_batch = kept.micro_batch;
  now_.accumulation = kept.accumulation;
  step_time_s_ /= pair.result.speedup;
  outcome_.samples_per_s *= pair.result.speedup;
  set(key, value,
      named(key, value) + ": " + number("%.2f", pair.result.speedup) + "x faster than " + named(key, before) +
          ", p = " + number("%.3f", pair.result.p_value) + ", loss " +
          (std::abs(pair.loss_ratio - 1) < 0.005 ? std::string("equal") : number("%.3f of it", pair.loss_ratio)),
      {{"speedup", pair.result.speedup},
       {"p_value", pair.result.p_value},
       {"blocks", pair.result.blocks},
       {"loss_ratio", pair.loss_ratio},
       {"micro_batch", pair.micro_batch}});
}

std::vector<Search::Pair> Search::measure_pairs(const std::vector<Alternative>& offered, bool with_loader) {
  std::vector<Pair> pairs;
  for (const auto& alternative : offered) {
    if (outcome_.interrupted) break;
    if (over(pair_cost_s(pair_batch()))) {
      keep(alternative.key, why_not_measured());
    } else if (!worth(alternative.expected_gain, pair_cost_s(pair_batch()))) {
      keep(alternative.key, "not measured: the run is too short to win the time back");
    } else {
      pairs.push_back(measure_pair(alternative, with_loader));
    }
  }
  return pairs;
}

std::vector<bool> Search::won(const std::vector<Pair>& pairs) const {
  std::vector<double> p_values;
  for (const auto& pair : pairs) p_values.push_back(pair.failure.empty() && !pair.abandoned ? pair.result.p_value : 1);
  auto won = holm(p_values, significance);
  for (std::size_t i = 0; i < pairs.size(); ++i)
    won[i] = won[i] && pairs[i].result.speedup >= least_speedup && !pairs[i].vetoed;
  return won;
}

// The setting in hand stays; of two that lost against it (bf16 and fp16) both are told.
void Search::turn_down(const Pair& pair, bool another_lost) {
  const std::string& key = pair.alternative.key;
  const std::string other = named(key, value_of(pair.alternative.settings, key));
  std::string why;
  if (!pair.failure.empty())
    why = other + " did not run here (" + pair.failure + ")";
  else if (pair.vetoed)
    why = "with " + other + " the loss went another way (" + number("%.3f", pair.loss_ratio) +
          " of it after equal steps)";
  else if (pair.result.blocks == 0)
    why = other + " is so slow that it was given up after its first steps";
  else
    why = other + " is " + number("%.2f", pair.result.speedup) + "x as fast" +
          (pair.abandoned ? std::string() : ", p = " + number("%.3f", pair.result.p_value));
  const Json value = value_of(now_, key);
  set(key, value, another_lost ? outcome_.plan.find(key)->reason + "; " + why : named(key, value) + ": " + why,
      {{"speedup", pair.result.speedup},
       {"p_value", pair.result.p_value},
       {"blocks", pair.result.blocks},
       {"loss_ratio", pair.loss_ratio}});
}

// What `winner` brings on top of what was adopted: gains of switches do not simply multiply.
void Search::try_on_top(const Pair& winner, const std::string& adopted_key) {
  const std::string& key = winner.alternative.key;
  const Json wanted = value_of(winner.alternative.settings, key);
  const auto stays = [&](const std::string& why, const PairedResult& result) {
    set(key, value_of(now_, key),
        named(key, value_of(now_, key)) + ": " + named(key, wanted) + " " + why + " beside " + short_name(adopted_key),
        {{"speedup", result.speedup}, {"p_value", result.p_value}});
  };
  const auto offered = alternatives(now_, input_.config, input_.hardware, input_.job);
  const auto again = std::find_if(offered.begin(), offered.end(), [&](const Alternative& one) {
    return one.key == key && value_of(one.settings, key) == wanted;
  });
  if (again == offered.end()) return stays("has no bearing", winner.result);
  if (over(pair_cost_s(pair_batch())))
    return keep(key, "measured alone, not together with the others: no time was left");
  const Pair together = measure_pair(*again);
  if (won({together}).front())
    adopt(together);
  else
    stays(together.failure.empty() ? "brings nothing more" : "did not run (" + together.failure + ")", together.result);
}

void Search::choose_switches() {
  settle(measure_pairs(alternatives(now_, input_.config, input_.hardware, input_.job)));
}

void Search::settle(const std::vector<Pair>& pairs) {
  if (outcome_.interrupted) return;
  const auto has_won = won(pairs);
  std::vector<const Pair*> winners;
  std::vector<std::string> lost;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const std::string& key = pairs[i].alternative.key;
    if (has_won[i]) {
      winners.push_back(&pairs[i]);
    } else {
      turn_down(pairs[i], std::find(lost.begin(), lost.end(), key) != lost.end());
      lost.push_back(key);
    }
  }
  if (winners.empty()) return;
  std::sort(winners.begin(), winners.end(),
            [](const Pair* a, const Pair* b) { return a->result.speedup > b->result.speedup; });
  const std::string& first_key = winners.front()->alternative.key;
  adopt(*winners.front());
  for (const Pair* winner : winners)
    if (winner->alternative.key != first_key) try_on_top(*winner, first_key);  // of two precisions the faster has won
  for (const auto& pair : pairs)  // what did not run beside the old setting may run beside the new one: another kernel
    if (!pair.failure.empty() && pair.alternative.key != first_key && !outcome_.interrupted)
      try_on_top(pair, first_key);
}

}  // namespace tlaunch
