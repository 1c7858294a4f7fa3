#include "estimate/time_estimate.h"

namespace tlaunch {

TimeRange& TimeRange::operator+=(const TimeRange& other) {
  low_s += other.low_s;
  likely_s += other.likely_s;
  high_s += other.high_s;
  return *this;
}

TimeRange operator+(TimeRange a, const TimeRange& b) { return a += b; }

TimeRange operator*(const TimeRange& time, double times) {
  return {time.low_s * times, time.likely_s * times, time.high_s * times};
}

TimeRange operator/(const TimeRange& time, double times) {
  return {time.low_s / times, time.likely_s / times, time.high_s / times};
}

TimeRange exactly(double seconds) { return {seconds, seconds, seconds}; }

TimeRange guessed(double seconds) { return {seconds / 2, seconds, seconds * 2}; }

std::map<std::string, double> likely_parts(const TimeEstimate& estimate) {
  std::map<std::string, double> parts;
  for (const auto& [part, time] : estimate.parts) parts[part] = time.likely_s;
  return parts;
}

TimeEstimate with_part(TimeEstimate estimate, const std::string& part, const TimeRange& time) {
  estimate += time;
  estimate.parts[part] += time;
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
