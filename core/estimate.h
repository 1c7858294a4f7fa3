// What a run will cost in time. Seconds. Made by tuning/time_estimate, kept in summary.json, compared with the ETA.
#pragma once

#include <map>
#include <string>

#include "core/json.h"

namespace tlaunch {

struct TimeEstimate {
  double low_s = 0, likely_s = 0, high_s = 0;
  // start_up, steps, evaluation, checkpoints: likely seconds; they add up to likely_s.
  std::map<std::string, double> parts;
};

Json to_json(const TimeEstimate&);

}  // namespace tlaunch
