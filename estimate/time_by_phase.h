// Accounts for the time of training per rank and part, and suggests changes. Pure: fed with events. Seconds; shares are
// 0 to 1. One thread at a time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "contract/event_codec.h"

namespace tlaunch {

struct RankTimes {
  // By part: loading, copy, forward, backward, all_reduce, optimizer, logging, ...
  std::map<std::string, double> seconds;
  std::optional<double> gpu_utilization, gpu_memory_share;  // means, 0 to 1; none: the driver does not report it
  std::int64_t utilization_readings = 0, memory_readings = 0;
};

class TimeByPhase {
 public:
  void on_event(const StampedEvent& event);  // phase_times and gpu; ignores others
  void add(const TimeByPhase& other);        // of another attempt of the same run

  const std::map<int, RankTimes>& ranks() const { return ranks_; }
  // The mean over all ranks, for the parts that ranks have timed. Empty before the first epoch's end.
  std::map<std::string, double> seconds() const;

 private:
  std::map<int, RankTimes> ranks_;
};

// "backward 52 %, forward 31 %, ...": parts of at least 1 %, the largest first; "" if nothing is known.
std::string shares_text(const std::map<std::string, double>& seconds);

// Unusual costs, one line each, with the setting to change.
std::vector<std::string> slow_findings(const TimeByPhase& times, const RunConfig& config);

// {parts: {PART: seconds}, ranks: [{rank, parts, gpu_utilization, gpu_memory_share}], findings: []}; unknown fields are
// left out.
Json to_json(const TimeByPhase& times, const std::vector<std::string>& findings);

}  // namespace tlaunch
