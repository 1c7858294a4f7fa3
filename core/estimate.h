// What a run will cost in time. Seconds. Made by tuning/forecast, kept in summary.json, compared with the ETA.
#pragma once

#include <map>
#include <string>

#include "core/json.h"

namespace tlaunch {

struct TimeRange {
  double low_s = 0, likely_s = 0, high_s = 0;
};

struct TimeEstimate {
  double low_s = 0, likely_s = 0, high_s = 0;
  // tuning, start_up, steps, data_wait, evaluation, checkpoints, finish: likely seconds; they add up to likely_s.
  std::map<std::string, double> parts;
};

// One more part, of which it is known what it takes.
TimeEstimate with_part(TimeEstimate estimate, const std::string& part, double seconds);

Json to_json(const TimeEstimate&);

}  // namespace tlaunch
