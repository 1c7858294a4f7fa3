// Where each rank of a group is, by its events and by /proc, and whether the group hangs (hang_verdict.h), by the
// limits of its phases (hang_limits.h). It reads no clock and no file: the caller passes events and states, and asks at
// each tick.
//
// A worker that is not ours may send no heartbeats: it is then judged by its state and, if the user set a limit, by the
// silence of all its events. Time in which the caller itself did not run (it was stopped, or the machine slept), or in
// which a debugger holds a rank (state t), does not count.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "contract/event_codec.h"
#include "processes/hang/awake_clock.h"
#include "processes/hang/hang_verdict.h"

namespace tlaunch {

class HangWatch {
 public:
  HangWatch(int ranks, std::optional<double> timeout_s);

  void on_event(const StampedEvent& event);
  // `wall_s`: of a monotonic clock. `states`: the letter in /proc of each rank that runs and was not asked to stop.
  // Empty unless the group hangs.
  std::optional<HangVerdict> tick(double wall_s, const std::map<int, char>& states);

  // The interval at which workers should report where they are.
  static double heartbeat_interval_s(std::optional<double> timeout_s);

 private:
  struct Rank {
    bool heard = false, beats = false, waits = false;
    std::int64_t step = 0, passed = -1;  // step: the current one
    std::string phase = "start_up";
    double heard_s = 0, moved_s = 0, step_s = 0;  // time of the last event, boundary and new step
    std::optional<double> stopped_s;              // since when
  };

  void advance(double wall_s, const std::map<int, char>& states);
  void moved(Rank& rank);
  void new_step(Rank& rank, std::int64_t step);
  PhaseKind kind(const Rank& rank) const { return kind_of(rank.phase, rank.step, start_step_); }
  HangLimits limits() const;
  JudgedBy judged_by(const Rank& rank) const;
  std::vector<RankSigns> signs_of(const std::map<int, char>& running) const;

  std::optional<double> timeout_s_;
  std::int64_t start_step_ = 0;  // done before this session
  AwakeClock clock_;
  std::vector<Rank> ranks_;
  std::deque<double> step_times_s_;  // of the last steps
  double longest_evaluation_pause_s_ = 0, longest_save_pause_s_ = 0;
};

}  // namespace tlaunch
