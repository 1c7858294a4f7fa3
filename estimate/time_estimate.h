// What a run will cost in time. Seconds. Made by estimate/forecast, kept in summary.json, compared with the ETA.
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
  // tuning, start_up, steps, data_wait, evaluation, checkpoints, finish. Their likely times add up to likely_s; their
  // lows and highs need not add up to the whole's: parts err one without the other.
  std::map<std::string, TimeRange> parts;
};

// The parts' likely seconds.
std::map<std::string, double> likely_parts(const TimeEstimate& estimate);

// One more part, of which it is known what it takes.
TimeEstimate with_part(TimeEstimate estimate, const std::string& part, double seconds);

// {low_s, likely_s, high_s, parts: {PART: likely seconds}, part_ranges: {PART: {low_s, high_s}}}
Json to_json(const TimeEstimate&);

}  // namespace tlaunch
