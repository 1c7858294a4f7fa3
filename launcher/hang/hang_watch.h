// Which ranks of a group hang, from what they tell and what /proc says of them. Pure: fed with events and states, asked
// at each tick; its clock is the caller's, less the time in which the caller itself did not run (stopped, a laptop's
// lid).
//
// Three signs, each after the limit of the phase that the rank is in:
//   stopped  state T in /proc: somebody's SIGSTOP
//   silent   no heartbeat, though its thread does nothing else
//   stalled  no rank has passed a boundary (a phase of a step, a batch of an evaluation): dead-locked. Of all ranks'
//            limits the longest holds, since the others wait for the one that saves or evaluates. To blame are those
//            that are behind: at an earlier step or phase, or not waiting where the others wait.
//
// Limits: `timeout_s` where it is given, before the second step 60 s at least. Else by phase:
//   start-up, to the end of the second step   600 s: data from a cold network disk, CUDA and cuDNN's first use
//   a step                                    20 times the median one, 60 s at least: a disk or network that comes back
//                                             takes tens of seconds
//   evaluation, detection                     10 times the longest pause seen in it, 120 s at least
//   save, finish                              10 times the longest seen, 300 s at least: written in one go
//   stopped                                   60 s, whatever the phase
//
// A worker of a user's own may send no heartbeats: it is then judged by its state and, where `timeout_s` is given, by
// the silence of all its events. While a debugger holds a rank (state t) the clock stands still.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/event_codec.h"

namespace tlaunch {

// Time in which its owner was at work: no more than 1 s for each tick.
class AwakeClock {
 public:
  double now_s() const { return now_s_; }
  void tick(double wall_s);  // monotonic

 private:
  std::optional<double> last_s_;
  double now_s_ = 0;
};

// Of a plain program: nothing is known but that it writes.
class SilenceWatch {
 public:
  // `timeout_s`: of silence; before the first output of any rank 60 s at least, since Python may import for long.
  explicit SilenceWatch(double timeout_s) : timeout_s_(timeout_s) {}
  void on_output() {
    any_output_ = true;
    heard_s_ = clock_.now_s();
  }
  // Where it hangs: "no output of any rank for 60 s". `states`: as in HangWatch::tick.
  std::optional<std::string> tick(double wall_s, const std::map<int, char>& states);

 private:
  double timeout_s_, heard_s_ = 0;
  bool any_output_ = false;
  AwakeClock clock_;
};

struct HangVerdict {
  std::vector<int> ranks;  // to blame; all that run where none stands out
  std::int64_t step = 0;   // of the first of them, as is `phase`
  std::string phase;
  std::string reason;  // "stopped (state T) for 5 s"
  double limit_s = 0;
  std::vector<std::string> places;  // of each rank that runs: "rank 0: step 25, backward, waits for the others"
};

std::optional<int> only_rank(const HangVerdict& verdict);  // the one to blame; nothing where there are more
std::string ranks_text(const std::vector<int>& ranks);     // "rank 1", "ranks 0, 2", the first eight by number
// "hang: stopped (state T) for 5 s; step 24, forward", "hang of ranks 0, 1: ..."
std::string hang_cause(const HangVerdict& verdict);
std::string hang_text(const HangVerdict& verdict);  // "rank 1 hangs: stopped ..."

class HangWatch {
 public:
  HangWatch(int ranks, std::optional<double> timeout_s);

  void on_event(const StampedEvent& event);
  // `states`: the letter in /proc of each rank that runs and was not told to stop. Something where it hangs.
  std::optional<HangVerdict> tick(double wall_s, const std::map<int, char>& states);

  // How often workers should tell where they are.
  static double heartbeat_interval_s(std::optional<double> timeout_s);

 private:
  enum Kind { start_up, step, evaluation, save, kinds };
  struct Rank {
    bool heard = false, beats = false, waits = false;
    std::int64_t step = 0, passed = -1;  // step: the one under way
    std::string phase = "start_up";
    double heard_s = 0, changed_s = 0, step_s = 0;  // last event, boundary, new step
    std::optional<double> stopped_s;                // since when
  };

  void moved(Rank& rank);
  void new_step(Rank& rank, std::int64_t step);
  Kind kind_of(const Rank& rank) const;
  double limit_s(Kind kind) const;
  double stopped_limit_s() const;
  bool some_beat() const;
  bool judged(const Rank& rank) const;
  std::vector<int> behind(const std::vector<int>& running) const;
  std::string place(int rank) const;
  HangVerdict verdict(const std::vector<int>& blamed, const std::vector<int>& running, std::string reason,
                      double limit_s) const;

  std::optional<double> timeout_s_;
  std::int64_t start_step_ = 0;  // done before this session
  AwakeClock clock_;
  std::vector<Rank> ranks_;
  std::deque<double> step_times_s_;  // of the last steps
  std::array<double, kinds> longest_pause_s_{};
};

}  // namespace tlaunch
