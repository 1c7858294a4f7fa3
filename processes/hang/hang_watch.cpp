#include "processes/hang/hang_watch.h"

#include <algorithm>

#include "base/statistics.h"

namespace tlaunch {

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
  const double pause_s = clock_.now_s() - rank.moved_s;
  const PhaseKind was_in = kind(rank);
  if (was_in == PhaseKind::evaluation) longest_evaluation_pause_s_ = std::max(longest_evaluation_pause_s_, pause_s);
  if (was_in == PhaseKind::save) longest_save_pause_s_ = std::max(longest_save_pause_s_, pause_s);
  rank.moved_s = clock_.now_s();
}

void HangWatch::new_step(Rank& rank, std::int64_t step) {
  constexpr std::size_t remembered_steps = 101;
  if (step == rank.step) return;
  if (step > rank.step && rank.step > 0) {
    const auto steps = step - rank.step;
    step_times_s_.push_back((clock_.now_s() - rank.step_s) / static_cast<double>(steps));
    if (step_times_s_.size() > remembered_steps) step_times_s_.pop_front();
  }
  rank.step = step;
  rank.step_s = clock_.now_s();
}

std::optional<HangVerdict> HangWatch::tick(double wall_s, const std::map<int, char>& states) {
  advance(wall_s, states);
  return judge(signs_of(states), limits(), clock_.now_s());
}

void HangWatch::advance(double wall_s, const std::map<int, char>& states) {
  const double before_s = clock_.now_s();
  clock_.tick(wall_s);
  const double now_s = clock_.now_s();
  const bool debugged = std::any_of(states.begin(), states.end(), [](const auto& each) { return each.second == 't'; });
  const double not_counted_s = debugged ? now_s - before_s : 0;
  for (const auto& [number, state] : states) {
    Rank& rank = ranks_[static_cast<std::size_t>(number)];
    rank.heard_s += not_counted_s;
    rank.moved_s += not_counted_s;
    rank.step_s += not_counted_s;
    if (rank.stopped_s) *rank.stopped_s += not_counted_s;
    if (state != 'T') rank.stopped_s.reset();
    if (state == 'T' && !rank.stopped_s) rank.stopped_s = now_s;
  }
}

HangLimits HangWatch::limits() const {
  SeenTimes seen{std::nullopt, longest_evaluation_pause_s_, longest_save_pause_s_};
  if (!step_times_s_.empty()) seen.median_step_s = median({step_times_s_.begin(), step_times_s_.end()});
  return hang_limits(timeout_s_, seen);
}

JudgedBy HangWatch::judged_by(const Rank& rank) const {
  const auto some = [this](const auto& has) { return std::any_of(ranks_.begin(), ranks_.end(), has); };
  if (some([](const Rank& other) { return other.beats; })) return JudgedBy::heartbeats;
  const bool some_told = some([](const Rank& other) { return other.heard; });
  return timeout_s_ && (rank.heard || !some_told) ? JudgedBy::progress : JudgedBy::nothing;
}

std::vector<RankSigns> HangWatch::signs_of(const std::map<int, char>& running) const {
  std::vector<RankSigns> signs;
  for (const auto& [number, state] : running) {
    const Rank& rank = ranks_[static_cast<std::size_t>(number)];
    signs.push_back({number, rank.step, rank.phase, kind(rank), rank.waits, rank.heard_s, rank.moved_s, rank.stopped_s,
                     judged_by(rank)});
  }
  return signs;
}

}  // namespace tlaunch
