// The time that a run takes: an expectation with a range, in total and by part. Pure. Seconds.
// estimate_time() (estimate/costs.h) makes it; summary.json and the `estimate` event store it.
#pragma once

#include <map>
#include <string>

#include "base/json.h"

namespace tlaunch {

// Low and high: the 10th and 90th percentile, as far as they are known.
struct TimeRange {
  double low_s = 0, likely_s = 0, high_s = 0;

  TimeRange& operator+=(const TimeRange& other);
};
TimeRange operator+(TimeRange a, const TimeRange& b);
TimeRange operator*(const TimeRange& time, double times);
TimeRange operator/(const TimeRange& time, double times);

// A time without a range.
TimeRange exactly(double seconds);

// A time that was computed and never measured: its range is from half to twice the time.
TimeRange guessed(double seconds);

struct TimeEstimate : TimeRange {
  // tuning, start_up, steps, data_wait, evaluation, checkpoints, finish. Their likely times add up to likely_s. Their
  // lows and highs need not add up to the total's, because the parts' errors are independent.
  std::map<std::string, TimeRange> parts;
};

// The parts' likely seconds.
std::map<std::string, double> likely_parts(const TimeEstimate& estimate);

// The estimate with `time` added to one of its parts and to the total.
TimeEstimate with_part(TimeEstimate estimate, const std::string& part, const TimeRange& time);

// {low_s, likely_s, high_s, parts: {PART: likely seconds}, part_ranges: {PART: {low_s, high_s}}}
Json to_json(const TimeEstimate&);

}  // namespace tlaunch
