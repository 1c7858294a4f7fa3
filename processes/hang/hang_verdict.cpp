#include "processes/hang/hang_verdict.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <tuple>

#include "base/text.h"

namespace tlaunch {
namespace {

// The order of phases within a step and a run; an unknown phase counts as forward.
int order_of(std::string_view phase) {
  constexpr std::array<std::string_view, 11> order = {"start_up", "loading",   "copy",    "forward",
                                                      "backward", "optimizer", "logging", "evaluation",
                                                      "save",     "detection", "finish"};
  const auto found = std::find(order.begin(), order.end(), phase);
  return found == order.end() ? 3 : static_cast<int>(found - order.begin());
}

std::string seconds_text(double seconds) { return format_text("{} s", std::llround(seconds)); }

using Signs = std::vector<RankSigns>;

// A sign that some ranks show.
struct Symptom {
  Signs ranks;
  double for_s = 0;    // the longest of their times
  double limit_s = 0;  // the limit that they exceed
};

double longest_stop_s(const Signs& ranks, double now_s) {
  double longest_s = 0;
  for (const RankSigns& rank : ranks)
    if (rank.stopped_s) longest_s = std::max(longest_s, now_s - *rank.stopped_s);
  return longest_s;
}

Signs stopped_before(const Signs& ranks, double time_s) {
  Signs stopped;
  for (const RankSigns& rank : ranks)
    if (rank.stopped_s && *rank.stopped_s <= time_s) stopped.push_back(rank);
  return stopped;
}

Symptom silence(const Signs& ranks, const HangLimits& limits, double now_s) {
  Symptom found;
  for (const RankSigns& rank : ranks) {
    const double silent_s = now_s - rank.heard_s, limit_s = limits.of(rank.kind);
    if (rank.judged_by != JudgedBy::heartbeats || silent_s <= limit_s) continue;
    found.ranks.push_back(rank);
    found.for_s = std::max(found.for_s, silent_s);
    found.limit_s = limit_s;
  }
  return found;
}

// The ranks that are behind all others.
Signs behind(const Signs& ranks) {
  const auto position = [](const RankSigns& rank) { return std::tuple(rank.step, order_of(rank.phase), rank.waits); };
  const auto last = std::min_element(ranks.begin(), ranks.end(), [&](const RankSigns& one, const RankSigns& other) {
    return position(one) < position(other);
  });
  Signs found;
  std::copy_if(ranks.begin(), ranks.end(), std::back_inserter(found),
               [&](const RankSigns& rank) { return position(rank) == position(*last); });
  return found;
}

Symptom stall(const Signs& ranks, const HangLimits& limits, double now_s) {
  Signs judged;
  double moved_s = 0, limit_s = 0;
  for (const RankSigns& rank : ranks) {
    if (rank.judged_by == JudgedBy::nothing) continue;
    judged.push_back(rank);
    moved_s = std::max(moved_s, rank.moved_s);
    limit_s = std::max(limit_s, limits.of(rank.kind));
  }
  if (judged.empty() || now_s - moved_s <= limit_s) return {};
  return {behind(judged), now_s - moved_s, limit_s};
}

std::string step_and_phase(std::int64_t step, const std::string& phase) {
  return step > 0 ? format_text("step {}, {}", step, phase) : phase;
}

std::string place_of(const RankSigns& rank) {
  const char* state = rank.stopped_s ? ", stopped" : rank.waits ? ", waits for the others" : "";
  return format_text("rank {}: {}{}", rank.rank, step_and_phase(rank.step, rank.phase), state);
}

HangVerdict verdict(const Signs& blamed, const Signs& ranks, std::string reason, double limit_s) {
  HangVerdict found{{}, blamed.front().step, blamed.front().phase, std::move(reason), limit_s, {}};
  for (const RankSigns& rank : blamed) found.ranks.push_back(rank.rank);
  for (const RankSigns& rank : ranks) found.places.push_back(place_of(rank));
  return found;
}

}  // namespace

std::optional<HangVerdict> judge(const std::vector<RankSigns>& ranks, const HangLimits& limits, double now_s) {
  const double stop_s = longest_stop_s(ranks, now_s);
  const Symptom silent = silence(ranks, limits, now_s), stalled = stall(ranks, limits, now_s);
  const bool long_stopped = stop_s > limits.stopped_s;
  if (!long_stopped && silent.ranks.empty() && stalled.ranks.empty()) return std::nullopt;

  // A rank that was stopped about when the group last moved is the reason. A rank that was stopped later, by somebody
  // who looks into the hang, is not.
  const double sign_s = long_stopped ? stop_s : silent.ranks.empty() ? stalled.for_s : silent.for_s;
  if (const Signs stopped = stopped_before(ranks, now_s - sign_s / 2); !stopped.empty())
    return verdict(stopped, ranks, "stopped (state T) for " + seconds_text(stop_s), limits.stopped_s);
  if (!silent.ranks.empty())
    return verdict(silent.ranks, ranks, "no heartbeat for " + seconds_text(silent.for_s), silent.limit_s);
  const bool some_are_behind = stalled.ranks.size() < ranks.size();
  return verdict(
      stalled.ranks, ranks,
      (some_are_behind ? "behind the others, no progress for " : "no progress for ") + seconds_text(stalled.for_s),
      stalled.limit_s);
}

namespace {

std::string what_and_where(const HangVerdict& verdict) {
  return format_text("{}; {}", verdict.reason, step_and_phase(verdict.step, verdict.phase));
}

}  // namespace

std::optional<int> only_rank(const HangVerdict& verdict) {
  return verdict.ranks.size() == 1 ? std::optional(verdict.ranks.front()) : std::nullopt;
}

std::string ranks_text(const std::vector<int>& ranks) {
  constexpr std::size_t named = 8;
  std::vector<std::string> numbers;
  for (std::size_t i = 0; i < std::min(named, ranks.size()); ++i) numbers.push_back(std::to_string(ranks[i]));
  const std::string more = ranks.size() > named ? format_text(" and {} more", ranks.size() - named) : "";
  return format_text("{} {}{}", ranks.size() == 1 ? "rank" : "ranks", joined(numbers, ", "), more);
}

std::string hang_cause(const HangVerdict& verdict) {
  if (only_rank(verdict)) return "hang: " + what_and_where(verdict);
  return format_text("hang of {}: {}", ranks_text(verdict.ranks), what_and_where(verdict));
}

std::string hang_text(const HangVerdict& verdict) {
  return format_text("{} {}: {}", ranks_text(verdict.ranks), only_rank(verdict) ? "hangs" : "hang",
                     what_and_where(verdict));
}

}  // namespace tlaunch
