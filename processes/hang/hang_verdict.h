// Which ranks of a group hang, from what is known about each. Pure.
//
// Three signs, each after the limit of the phase that the rank is in:
//   stopped  state T in /proc: somebody sent SIGSTOP
//   silent   no heartbeat, although the heartbeat thread does nothing else
//   stalled  no rank has passed a boundary (a phase of a step, a batch of an evaluation): a deadlock. The longest limit
//            of all ranks applies, because the others wait for the one that saves or evaluates. The ranks that are
//            behind are to blame: at an earlier step or phase, or not waiting while the others wait.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "processes/hang/hang_limits.h"

namespace tlaunch {

// How a rank can be judged, besides by state T.
enum class JudgedBy {
  nothing,     // it sends no heartbeats, and the user set no limit
  progress,    // only by its events
  heartbeats,  // by its progress, and by the heartbeats of a thread that does nothing else
};

// What is known about a running rank. Times are seconds of one clock.
struct RankSigns {
  int rank = 0;
  std::int64_t step = 0;  // the current one; 0: none yet
  std::string phase = "start_up";
  PhaseKind kind = PhaseKind::start_up;
  bool waits = false;                    // for the other ranks, in a collective operation
  double heard_s = 0;                    // time of its last event
  double moved_s = 0;                    // time of the last boundary that it passed
  std::optional<double> stopped_s = {};  // time since which it is in state T; empty: it is not
  JudgedBy judged_by = JudgedBy::nothing;
};

struct HangVerdict {
  std::vector<int> ranks;  // to blame; all running ranks if none stands out
  std::int64_t step = 0;   // of the first of them, like `phase`
  std::string phase;
  std::string reason;  // "stopped (state T) for 5 s"
  double limit_s = 0;
  std::vector<std::string> places;  // of each running rank: "rank 0: step 25, backward, waits for the others"
};

// `ranks`: those that run and were not asked to stop. Empty unless they hang at `now_s`.
std::optional<HangVerdict> judge(const std::vector<RankSigns>& ranks, const HangLimits& limits, double now_s);

std::optional<int> only_rank(const HangVerdict& verdict);  // the one to blame; empty if there are more
std::string ranks_text(const std::vector<int>& ranks);     // "rank 1", "ranks 0, 2", the first eight by number
// "hang: stopped (state T) for 5 s; step 24, forward", "hang of ranks 0, 1: ..."
std::string hang_cause(const HangVerdict& verdict);
std::string hang_text(const HangVerdict& verdict);  // "rank 1 hangs: stopped ..."

}  // namespace tlaunch
