#include "estimate/time_estimate.h"

namespace tlaunch {

std::map<std::string, double> likely_parts(const TimeEstimate& estimate) {
  std::map<std::string, double> parts;
  for (const auto& [part, time] : estimate.parts) parts[part] = time.likely_s;
  return parts;
}

TimeEstimate with_part(TimeEstimate estimate, const std::string& part, double seconds) {
  TimeRange& time = estimate.parts[part];
  for (double* whole_s :
       {&estimate.low_s, &estimate.likely_s, &estimate.high_s, &time.low_s, &time.likely_s, &time.high_s})
    *whole_s += seconds;
  return estimate;
}

Json to_json(const TimeEstimate& estimate) {
  Json ranges = Json::object();
  for (const auto& [part, time] : estimate.parts) ranges[part] = {{"low_s", time.low_s}, {"high_s", time.high_s}};
  return {{"low_s", estimate.low_s},
          {"likely_s", estimate.likely_s},
          {"high_s", estimate.high_s},
          {"parts", likely_parts(estimate)},
          {"part_ranges", ranges}};
}

}  // namespace tlaunch
