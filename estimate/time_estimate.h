// What a run takes in time: an expectation with a range, as a whole and by part. Pure. Seconds.
// Made by estimate_time() (estimate/costs.h), kept in summary.json and in the `estimate` event.
#pragma once

#include <map>
#include <string>

#include "base/json.h"

namespace tlaunch {

// Low and high: 10 % and 90 % of cases end within them, as far as that is known.
struct TimeRange {
  double low_s = 0, likely_s = 0, high_s = 0;

  TimeRange& operator+=(const TimeRange& other);
};
TimeRange operator+(TimeRange a, const TimeRange& b);
TimeRange operator*(const TimeRange& time, double times);
TimeRange operator/(const TimeRange& time, double times);

// What takes `seconds` and no more or less.
TimeRange exactly(double seconds);

// What was computed and never measured: half of it to twice as much.
TimeRange guessed(double seconds);

struct TimeEstimate : TimeRange {
  // tuning, start_up, steps, data_wait, evaluation, checkpoints, finish. Their likely times add up to likely_s; their
  // lows and highs need not add up to the whole's: parts err one without the other.
  std::map<std::string, TimeRange> parts;
};

// The parts' likely seconds.
std::map<std::string, double> likely_parts(const TimeEstimate& estimate);

// The estimate with `time` added to one of its parts, and to the whole.
TimeEstimate with_part(TimeEstimate estimate, const std::string& part, const TimeRange& time);

// {low_s, likely_s, high_s, parts: {PART: likely seconds}, part_ranges: {PART: {low_s, high_s}}}
Json to_json(const TimeEstimate&);

}  // namespace tlaunch
