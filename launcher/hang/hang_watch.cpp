#include "launcher/hang/hang_watch.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <tuple>

#include "tuning/median.h"

namespace tlaunch {
namespace {

constexpr double least_start_up_s = 60, start_up_limit_s = 600, step_limit_s = 60, evaluation_limit_s = 120,
                 save_limit_s = 300, stopped_limit = 60;
constexpr double median_steps = 20, longest_pauses = 10;
constexpr std::int64_t warm_steps = 2;
constexpr std::size_t remembered_steps = 101;
constexpr double longest_tick_s = 1;

// The place of a phase in a step and in a run; unknown ones count as forward.
int order_of(std::string_view phase) {
  constexpr std::array<std::string_view, 11> order = {"start_up", "loading",   "copy",    "forward",
                                                      "backward", "optimizer", "logging", "evaluation",
                                                      "save",     "detection", "finish"};
  const auto found = std::find(order.begin(), order.end(), phase);
  return found == order.end() ? 3 : static_cast<int>(found - order.begin());
}

std::string seconds_text(double seconds) { return std::to_string(std::llround(seconds)) + " s"; }

}  // namespace

void AwakeClock::tick(double wall_s) {
  if (last_s_) now_s_ += std::clamp(wall_s - *last_s_, 0.0, longest_tick_s);
  last_s_ = wall_s;
}

std::optional<std::string> SilenceWatch::tick(double wall_s, const std::map<int, char>& states) {
  clock_.tick(wall_s);
  for (const auto& [rank, state] : states)
    if (state == 't') heard_s_ = clock_.now_s();  // a debugger's hands
  const double limit_s = any_output_ ? timeout_s_ : std::max(least_start_up_s, timeout_s_);
  const double silence_s = clock_.now_s() - heard_s_;
  if (states.empty() || silence_s <= limit_s) return std::nullopt;
  return "no output of any rank for " + seconds_text(silence_s) + (any_output_ ? "" : ", since the start");
}

namespace {

std::string what_and_where(const HangVerdict& verdict) {
  return ": " + verdict.reason + "; " + (verdict.step > 0 ? "step " + std::to_string(verdict.step) + ", " : "") +
         verdict.phase;
}

}  // namespace

std::optional<int> only_rank(const HangVerdict& verdict) {
  return verdict.ranks.size() == 1 ? std::optional(verdict.ranks.front()) : std::nullopt;
}

std::string ranks_text(const std::vector<int>& ranks) {
  constexpr std::size_t named = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(named, ranks.size()); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(ranks[i]);
  if (ranks.size() > named) text += " and " + std::to_string(ranks.size() - named) + " more";
  return (ranks.size() == 1 ? "rank " : "ranks ") + text;
}

std::string hang_cause(const HangVerdict& verdict) {
  return "hang" + (only_rank(verdict) ? "" : " of " + ranks_text(verdict.ranks)) + what_and_where(verdict);
}

std::string hang_text(const HangVerdict& verdict) {
  return ranks_text(verdict.ranks) + (verdict.ranks.size() == 1 ? " hangs" : " hang") + what_and_where(verdict);
}

HangWatch::HangWatch(int ranks, std::optional<double> timeout_s)
    : timeout_s_(timeout_s), ranks_(static_cast<std::size_t>(ranks)) {}

double HangWatch::heartbeat_interval_s(std::optional<double> timeout_s) {
  return std::min(1.0, timeout_s.value_or(60) / 4);
}

void HangWatch::on_event(const StampedEvent& event) {
  if (event.rank < 0 || event.rank >= static_cast<int>(ranks_.size())) return;
  Rank& rank = ranks_[static_cast<std::size_t>(event.rank)];
  rank.heard = true;
  rank.heard_s = clock_.now_s();
  if (const auto* start = std::get_if<StartEvent>(&event.event)) start_step_ = start->start_step;
  if (const auto* beat = std::get_if<HeartbeatEvent>(&event.event)) {
    rank.beats = true;
    if (beat->passed != rank.passed) {
      rank.passed = beat->passed;
      moved(rank);
    }
    rank.phase = beat->phase;
    rank.waits = beat->waits;
    new_step(rank, beat->step);
  } else if (!rank.beats) {
    moved(rank);
    const auto* step = std::get_if<StepEvent>(&event.event);
    if (!step) return;
    rank.phase = "step";
    new_step(rank, step->step);
  }
}

void HangWatch::moved(Rank& rank) {
  double& longest = longest_pause_s_[kind_of(rank)];
  longest = std::max(longest, clock_.now_s() - rank.changed_s);
  rank.changed_s = clock_.now_s();
}

void HangWatch::new_step(Rank& rank, std::int64_t step) {
  if (step == rank.step) return;
  if (step > rank.step && rank.step > 0) {
    const auto steps = step - rank.step;
    step_times_s_.push_back((clock_.now_s() - rank.step_s) / static_cast<double>(steps));
    if (step_times_s_.size() > remembered_steps) step_times_s_.pop_front();
  }
  rank.step = step;
  rank.step_s = clock_.now_s();
}

HangWatch::Kind HangWatch::kind_of(const Rank& rank) const {
  if (rank.phase == "evaluation" || rank.phase == "detection") return evaluation;
  if (rank.phase == "save" || rank.phase == "finish") return save;
  if (rank.phase == "start_up" || rank.step - 1 - start_step_ < warm_steps) return start_up;
  return step;
}

double HangWatch::limit_s(Kind kind) const {
  if (timeout_s_) return kind == start_up ? std::max(least_start_up_s, *timeout_s_) : *timeout_s_;
  switch (kind) {
    case start_up: return start_up_limit_s;
    case evaluation: return std::max(evaluation_limit_s, longest_pauses * longest_pause_s_[kind]);
    case save: return std::max(save_limit_s, longest_pauses * longest_pause_s_[kind]);
    default: break;
  }
  if (step_times_s_.empty()) return start_up_limit_s;
  return std::max(step_limit_s, median_steps * median({step_times_s_.begin(), step_times_s_.end()}));
}

double HangWatch::stopped_limit_s() const { return timeout_s_.value_or(stopped_limit); }

bool HangWatch::some_beat() const {
  return std::any_of(ranks_.begin(), ranks_.end(), [](const Rank& rank) { return rank.beats; });
}

// Whether there is a clock to judge it by: heartbeats of some rank, or a limit that the user gave.
bool HangWatch::judged(const Rank& rank) const {
  const bool some_told = std::any_of(ranks_.begin(), ranks_.end(), [](const Rank& other) { return other.heard; });
  return some_beat() || (timeout_s_ && (rank.heard || !some_told));
}

std::optional<HangVerdict> HangWatch::tick(double wall_s, const std::map<int, char>& states) {
  const double before_s = clock_.now_s();
  clock_.tick(wall_s);
  const double now = clock_.now_s();
  const bool debugged =
      std::any_of(states.begin(), states.end(), [](const auto& entry) { return entry.second == 't'; });
  std::vector<int> running, judged_ranks, stopped, silent;
  double last_move_s = 0, stall_limit_s = 0, stopped_for_s = 0, silent_for_s = 0, silent_limit_s = 0;
  for (const auto& [number, state] : states) {
    Rank& rank = ranks_[static_cast<std::size_t>(number)];
    if (debugged) {  // its time is not counted
      const double pause = now - before_s;
      rank.heard_s += pause;
      rank.changed_s += pause;
      rank.step_s += pause;
      if (rank.stopped_s) *rank.stopped_s += pause;
    }
    running.push_back(number);
    if (state != 'T') {
      rank.stopped_s.reset();
    } else {
      if (!rank.stopped_s) rank.stopped_s = now;
      stopped.push_back(number);
      stopped_for_s = std::max(stopped_for_s, now - *rank.stopped_s);
    }
    if (!judged(rank)) continue;
    judged_ranks.push_back(number);
    const double limit = limit_s(kind_of(rank));
    if (some_beat() && now - rank.heard_s > limit) {
      silent.push_back(number);
      silent_for_s = std::max(silent_for_s, now - rank.heard_s);
      silent_limit_s = limit;
    }
    last_move_s = std::max(last_move_s, rank.changed_s);
    stall_limit_s = std::max(stall_limit_s, limit);
  }
  const bool long_stopped = stopped_for_s > stopped_limit_s();
  const bool stalled = !judged_ranks.empty() && now - last_move_s > stall_limit_s;
  if (!long_stopped && silent.empty() && !stalled) return std::nullopt;

  // Stopped since about when the group last moved: the reason. Stopped later, by whoever looks into it: not.
  const double sign_s = long_stopped ? stopped_for_s : silent.empty() ? now - last_move_s : silent_for_s;
  std::erase_if(stopped,
                [&](int number) { return now - *ranks_[static_cast<std::size_t>(number)].stopped_s < sign_s / 2; });
  if (!stopped.empty())
    return verdict(stopped, running, "stopped (state T) for " + seconds_text(stopped_for_s), stopped_limit_s());
  if (!silent.empty())
    return verdict(silent, running, "no heartbeat for " + seconds_text(silent_for_s), silent_limit_s);
  const std::string since = seconds_text(now - last_move_s);
  const auto blamed = behind(judged_ranks);
  return verdict(
      blamed, running,
      blamed.size() == running.size() ? "no progress for " + since : "behind the others, no progress for " + since,
      stall_limit_s);
}

std::vector<int> HangWatch::behind(const std::vector<int>& running) const {
  const auto position = [&](int number) {
    const Rank& rank = ranks_[static_cast<std::size_t>(number)];
    return std::tuple(rank.step, order_of(rank.phase), rank.waits);
  };
  auto last = position(running.front());
  for (const int number : running) last = std::min(last, position(number));
  std::vector<int> found;
  for (const int number : running)
    if (position(number) == last) found.push_back(number);
  return found;
}

std::string HangWatch::place(int number) const {
  const Rank& rank = ranks_[static_cast<std::size_t>(number)];
  std::string text = "rank " + std::to_string(number) + ": ";
  if (rank.step > 0) text += "step " + std::to_string(rank.step) + ", ";
  text += rank.phase;
  if (rank.stopped_s) return text + ", stopped";
  return text + (rank.waits ? ", waits for the others" : "");
}

HangVerdict HangWatch::verdict(const std::vector<int>& blamed, const std::vector<int>& running, std::string reason,
                               double limit_s) const {
  const Rank& first = ranks_[static_cast<std::size_t>(blamed.front())];
  HangVerdict found{blamed, first.step, first.phase, std::move(reason), limit_s, {}};
  for (const int number : running) found.places.push_back(place(number));
  return found;
}

}  // namespace tlaunch
